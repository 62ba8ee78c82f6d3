"""Every module is really imported, in a process of its own that may neither connect, start, write nor hash."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws.tree import Tree, module_of, read_tree

WATCHING = """
import importlib, os, sys, threading
import argon2.low_level

FORBIDDEN = set(
    "socket.connect socket.bind socket.getaddrinfo subprocess.Popen os.system os.fork os.exec os.remove os.rename "
    "os.mkdir os.rmdir os.chmod shutil.rmtree tempfile.mkstemp".split()
)
root = os.getcwd()
found = []

def note(what):
    # Whose import it is: the nearest module that is being executed. What libraries do is theirs.
    frame = sys._getframe(2)
    while frame and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    if frame and frame.f_code.co_filename.startswith(root):
        found.append(frame.f_globals["__name__"] + ": " + what)

def watch(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if event in FORBIDDEN or writes:
        note(event)

def hashing(*arguments, **options):
    note("argon2")
    return b""

argon2.low_level.hash_secret = argon2._password_hasher.hash_secret = hashing
sys.addaudithook(watch)
for name in sys.stdin.read().split():
    threads, environment = threading.active_count(), dict(os.environ)
    importlib.import_module(name)
    if threading.active_count() != threads:
        found.append(f"{name}: a thread")
    if dict(os.environ) != environment:
        found.append(f"{name}: os.environ")
print("\\n".join(found))
"""
OURS = ("console/", "jobs/", "simulator/")


def effects(root: Path, names: list[str]) -> list[str]:
    """What importing these modules of the tree at `root` does."""
    command = [sys.executable, "-B", "-c", WATCHING]
    done = subprocess.run(
        command,
        input="\n".join(names),
        cwd=root,
        env={"PYTHONPATH": str(root)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def written(tree: Tree, root: Path) -> list[str]:
    """Write the tree below `root`; its modules, but those that are programs."""
    names = []
    for path, text in tree.texts.items():
        if path.startswith(OURS):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
            if not path.endswith("__main__.py"):
                names.append(module_of(path))
    return names


def test_importing_any_module_has_no_effect(tmp_path: Path) -> None:
    names = written(read_tree(), tmp_path)
    assert len(names) > 100
    found = effects(tmp_path, names)
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "import argon2\nHASH = argon2.PasswordHasher().hash('nobody')",
        "import socket\nsocket.socket().connect_ex(('127.0.0.1', 1))",
        "from pathlib import Path\nPath('a file').write_text('')",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.environ['A'] = 'b'",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
    ],
    ids=["hash", "connect", "write", "start", "environment", "thread"],
)
def test_an_effect_is_found(text: str, tmp_path: Path) -> None:
    written(read_tree().changed("console/errors.py", text), tmp_path)
    assert any(one.startswith("console.errors: ") for one in effects(tmp_path, ["console.errors"]))
