"""Where the servers and the secrets are: the environment first, else what the embedded stack wrote into JSTORE_HOME.

JSTORE_HOME holds `servers.json` (addresses of the embedded servers) and `secrets.json` (made once, mode 600).
"""

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parents[2]

env = environ.Env()

JSTORE_HOME = Path(env.str("JSTORE_HOME", default="") or BASE_DIR / ".jstore").resolve()

# Nothing is configured and nothing embedded runs: the name says what to do, and can never be somebody's real server.
NOT_STARTED = "run-make-demo-first.invalid"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, {} when there is no such file or it was left half-written."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, value: object) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


def local_secrets(home: Path) -> dict[str, str]:
    """The embedded stack's own secrets, made at first use; a production stack gives its own by environment."""
    path = home / "secrets.json"
    found = read_json(path)
    made = {
        "secret_key": secrets.token_urlsafe(48),
        "key_pepper": secrets.token_urlsafe(48),
        "server_password": secrets.token_urlsafe(24),
        "demo_password": secrets.token_urlsafe(9),  # typed by people
    }
    if not made.keys() <= found.keys():
        found = made | found
        write_json(path, found)
    return {name: str(value) for name, value in found.items()}


def server(variable: str, embedded: str, default: str) -> str:
    """Address of one server: the variable, else the embedded one's, else a name that says what is missing."""
    return env.str(variable, default="") or str(read_json(JSTORE_HOME / "servers.json").get(embedded) or default)


POSTGRES_URI = server("POSTGRES_URI", "postgres_uri", f"postgresql://jstore@{NOT_STARTED}:5432/jstore")
REDIS_URI = server("REDIS_URI", "redis_uri", f"redis://{NOT_STARTED}:6379/0")
MONGODB_URI = env.str("MONGODB_URI", default="")

# No server is named by the environment: everything runs on this machine, for one person, from the wheels.
EMBEDDED = not any(env.str(name, default="") for name in ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI"))
DEBUG = env.bool("JSTORE_DEBUG", default=False)
