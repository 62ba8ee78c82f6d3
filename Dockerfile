# The console without its tools for developers: one image for web, worker, migrate and the simulated 1NCE.

FROM python:3.11-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH

# The packages first: they change less often than the program, and are then taken from the cache.
COPY requirements.lock ./
RUN pip install --quiet --require-hashes -r requirements.lock

COPY . .
# In place, because templates, static files and migrations lie beside the code.
RUN pip install --quiet --no-deps --editable . \
    && python deploy/runtime_only.py \
    && python -m compileall -q console jobs simulator migrations


FROM python:3.11-slim-trixie

# pg_dump and pg_restore, for backups; of the version of the database in docker-compose.yml.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

RUN groupadd --system --gid 10001 console \
    && useradd --system --uid 10001 --gid console --home-dir /nonexistent --shell /usr/sbin/nologin console

COPY --from=build /venv /venv
COPY --from=build /app /app

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app
USER 10001:10001
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]

ENTRYPOINT ["console"]
CMD ["web", "--host", "0.0.0.0", "--port", "8000"]
