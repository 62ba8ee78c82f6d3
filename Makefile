# Everything a developer or an operator of a trial needs; python3 with its venv module is all that must be there.
#
#   make run     the whole console with a simulated 1NCE; PORT=8001 SIMS=500 choose the port and the number of SIM cards
#   make check   format, lint, types, import contracts, templates
#   make test    the checks and the whole suite of tests, by WORKERS=4 processes at a time
#   make drills  the long trials, with a report in .drills/; DRILLS="restore worst-hour" or DRILLS=--short chooses
#   make pictures  the pictures of the README, in both themes, of a console that has lived for MINUTES=20
#   make bench   every benchmark but the soak; each prints one JSON object on its last line

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 4
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

# The suite starts hundreds of processes: without bytecode each compiles the whole console first.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: run test check bench drills pictures

run: $(READY)
	@exec $(BIN)/console up

test: check
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "The format differs: $(BIN)/ruff format . mends it"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint templates --check --quiet
	@$(BIN)/djlint templates --lint --quiet

# The bill of materials, known faults and the chart need programs from outside, in an environment of their own.
drills: $(READY)
	@$(BIN)/python -m tests.drills $(DRILLS)

pictures: $(READY)
	@$(BIN)/python -m tests.pictures $(if $(MINUTES),--minutes $(MINUTES))

# A benchmark that fails doesn't keep the others from running.
bench: $(READY)
	@failed=; \
	for file in $(filter-out bench/bench_soak.py,$(wildcard bench/bench_*.py)); do \
		name=$$(basename "$$file" .py); \
		echo "== $$name"; \
		$(BIN)/python "$$file" || failed="$$failed $$name"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# The mark is set last: without it the folder may be half-made, and is made anew. Of two at once one waits, by a lock on the
# file of versions, and finds it made.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: PYTHON=/path/to/python3 make"; exit 1; }
	@set -e; exec 9<requirements.lock; $(PYTHON) -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'; \
	if [ $@ -nt requirements.lock ] && [ $@ -nt pyproject.toml ]; then exit 0; fi; \
	echo "Setting up $(VENV) ..."; \
	[ -e $@ ] || $(PYTHON) -m venv --clear $(VENV); \
	rm -f $@; \
	$(PIP) install --require-hashes -r requirements.lock; \
	$(PIP) install --no-deps -e .; \
	touch $@
