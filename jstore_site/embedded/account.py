"""PostgreSQL refuses to run as root. Started by root, it runs as the unprivileged user that its wheel makes for this."""

import os
import pwd
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

NAME = "embedded_postgres"


def server_user() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs under, None for our own. As root it is made if it is missing."""
    if os.geteuid() != 0:
        return None
    for _ in range(20):
        try:
            return pwd.getpwnam(NAME)
        except KeyError:
            # Another start may be making it, holding useradd's lock: look again rather than fail.
            subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", NAME], capture_output=True, check=False)
            time.sleep(0.1)
    raise RuntimeError(f"could not make the user {NAME}, under which PostgreSQL runs when started by root")


def as_server_user() -> dict[str, Any]:
    """Arguments for subprocess that drop root, {} where we are not root."""
    user = server_user()
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def let_pass(*paths: Path) -> None:
    """As root: let that account walk through (not list) the folders above these paths."""
    if os.geteuid() != 0:
        return
    for path in paths:
        for folder in [path.resolve(), *path.resolve().parents]:
            mode = folder.stat().st_mode
            if folder != path.resolve() and not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
