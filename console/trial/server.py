"""A server of a trial: one process in one folder, whose lock it holds."""

from abc import ABC, abstractmethod
from pathlib import Path

from console.trial.folder import FolderLock, make_folder
from console.trial.logfile import LogFile
from console.trial.process import Process
from console.trial.secrets_file import secret_of


class Server(ABC):
    """One server in one folder. It keeps its port over restarts, so that its clients find it again."""

    def __init__(self, folder: Path, port: int | None) -> None:
        """Without a port it chooses a free one."""
        self.folder = folder.absolute()
        self.log = LogFile(self.folder / "server.log")
        self.port = port
        self._password = ""
        self._lock = FolderLock(self.folder)
        self._process: Process | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address with the password, once it has been started."""

    @property
    def process(self) -> Process | None:
        """The server's process, if it was started and not stopped."""
        return self._process

    @property
    def pid(self) -> int | None:
        """The number of the server's process, if it was started and not stopped."""
        return None if self._process is None else self._process.pid

    async def wait(self) -> None:
        """Return when the server's process has ended, whoever ended it; at once if none was started."""
        if self._process is not None:
            await self._process.ended()

    async def start(self) -> str:
        """Start it and give its address; an EmbeddedFault says in one sentence why it can't start.

        What a killed run left in the folder is ended first.
        """
        if self._process is not None and self._process.up:
            return self.url
        await self.wait()  # one that was just killed has not ended yet
        make_folder(self.folder)
        self._lock.acquire()
        try:
            self._password = secret_of(self.folder / "password")
            await self._begin()
        except BaseException:
            self.kill()
            self._lock.release()
            raise
        return self.url

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()

    @abstractmethod
    async def _begin(self) -> None:
        """End what was left of it, and return when a new process answers."""
