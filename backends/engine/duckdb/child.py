"""The child: reads jobs from its standard input, runs them in DuckDB, writes the answers. Started by its path, imports
nothing of ours.

It begins by giving up what it does not need: memory, files, network, privileges, its user. A job is `<u32 header length> header
tables…`, header = JSON {sql, cpu_s, tables: [[name, bytes], …]}, each table an Arrow IPC stream. An answer is `<u8 kind>
<u64 length> body`: kind 0 an Arrow stream, 1 an error text, 2 an error text after which the child ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
from typing import Any

MEMORY_MB = int(sys.argv[1])
PR_SET_NO_NEW_PRIVS, CLONE_NEWUSER, CLONE_NEWNET = 38, 0x10000000, 0x40000000
NOBODY = 65534
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "memory_limit": f"{MEMORY_MB}MB",
    "threads": "1",
    "temp_directory": "",
    "max_temp_directory_size": "0KB",
}


def limit(what: int, most: int) -> None:
    """Lower a resource limit for good."""
    resource.setrlimit(what, (most, most))


def read(count: int) -> bytearray:
    """Exactly `count` bytes; ends the process at the end of input, which is how a parent that died stops it."""
    data = bytearray(count)
    view, place = memoryview(data), 0
    while place < count:
        got = os.readv(0, [view[place:]])
        if got == 0:
            os._exit(0)
        place += got
    return data


def write(fd: int, kind: int, body: memoryview) -> None:
    """One answer."""
    view = memoryview(struct.pack("<BQ", kind, len(body)))
    for part in (view, body):
        while part:
            part = part[os.write(fd, part) :]


def jail() -> None:
    """Privileges away. What the kernel refuses to take (no namespace for an ordinary user) is left to the other layers."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 64)
    # the address space holds Arrow's and DuckDB's copies of a job beside DuckDB's own limit
    limit(resource.RLIMIT_AS, (3 * MEMORY_MB + 1024) * 2**20)


def main() -> None:
    """Serve jobs until the input ends."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    import duckdb  # noqa: PLC0415 - after the descriptors are in order: a library's print must not reach the answers
    import pyarrow as pa  # noqa: PLC0415

    connection = duckdb.connect(":memory:", config=SETTINGS)
    for statement in ("SET TimeZone='UTC'", "SET lock_configuration=true"):
        connection.execute(statement)
    connection.sql("SELECT 1 AS a").to_arrow_table()
    jail()
    endings = (duckdb.FatalException, duckdb.InternalException, duckdb.OutOfMemoryException, MemoryError)
    while True:
        header = json.loads(bytes(read(struct.unpack("<I", read(4))[0])))
        tables = {name: pa.ipc.open_stream(pa.py_buffer(read(size))).read_all() for name, size in header["tables"]}
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + header["cpu_s"]) + 2, resource.RLIM_INFINITY)
        )
        try:
            kind, body = 0, run(connection, header["sql"], tables, duckdb, pa)
        except endings as error:
            kind, body = 2, str(error).encode()
        except Exception as error:  # noqa: BLE001 - the parent gets every error as a text
            kind, body = 1, str(error).encode()
        finally:
            for name in tables:
                connection.unregister(name)
        write(out, kind, memoryview(body))
        if kind == 2:
            os._exit(1)


def run(connection: Any, sql: str, tables: dict[str, Any], duckdb: Any, pa: Any) -> Any:
    """The answer to one SELECT as an Arrow stream."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError("one SELECT is expected")
    for name, table in tables.items():
        connection.register(name, table)
    answer = connection.execute(statements[0]).to_arrow_table()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, answer.schema) as writer:
        writer.write_table(answer)
    body = sink.getvalue()
    if body.size > MEMORY_MB * 2**20:
        raise ValueError(f"the answer is larger than {MEMORY_MB} MB")
    return body


if __name__ == "__main__":
    main()
