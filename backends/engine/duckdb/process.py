"""One child as its parent sees it: start, send a job, wait for the answer, kill."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from backends.engine.base import EngineFailed

_CHILD = Path(__file__).with_name("child.py")


class Child:
    """A child process. Not thread-safe: the pool hands it to one job at a time."""

    def __init__(self, memory_mb: int) -> None:
        # its own session: an interrupt typed at the terminal stops the parent, which then lets the child see the end of its input
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD), str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self.jobs = 0
        self._most = memory_mb * 2**20
        self._at_work = False
        self.pid = self._process.pid

    def run(self, sql: str, tables: Mapping[str, pa.Table], until: float) -> pa.Table:
        """Run one job. `until` is a time of time.monotonic(). After EngineFailed of kind timeout or killed the child is dead."""
        self.jobs += 1
        self._at_work = True  # until the answer is read whole: whatever interrupts that leaves a child that cannot be asked again
        bodies = {name: _stream(table) for name, table in tables.items()}
        cpu_s = max(1.0, until - time.monotonic())
        header = json.dumps({"sql": sql, "cpu_s": cpu_s, "tables": [[name, body.size] for name, body in bodies.items()]}).encode()
        try:
            self._write(struct.pack("<I", len(header)) + header, until)
            for body in bodies.values():
                self._write(body, until)
            kind, size = struct.unpack("<BQ", self._read(9, until))
            if size > self._most:
                raise EOFError
            body = self._read(size, until)
            self._at_work = False
        except TimeoutError:
            self.kill()
            raise EngineFailed("timeout", "the query was stopped at its deadline") from None
        except (BrokenPipeError, EOFError):
            self.kill()
            raise EngineFailed("killed", "the query broke a limit of memory or time and its process ended") from None
        if kind == 0:
            return pa.ipc.open_stream(pa.py_buffer(body)).read_all()
        if kind == 2:
            self.kill()
        lines = bytes(body).decode("utf-8", "replace").strip().splitlines()
        raise EngineFailed("killed" if kind == 2 else "sql", lines[0][:500] if lines else "no reason given")

    @property
    def alive(self) -> bool:
        """Whether it can take another job."""
        stdin = self._process.stdin
        return not self._at_work and stdin is not None and not stdin.closed and self._process.poll() is None

    def kill(self) -> None:
        """End it now, wait for it, close the pipes."""
        self._process.kill()
        self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Close the pipes only: in a forked process the child belongs to the parent that started it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _write(self, data: bytes | pa.Buffer, until: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._to, view) :]
            except BlockingIOError:
                _wait(self._to, select.POLLOUT, until)

    def _read(self, count: int, until: float) -> bytearray:
        data = bytearray(count)
        view, place = memoryview(data), 0
        while place < count:
            try:
                got = os.readv(self._from, [view[place:]])
            except BlockingIOError:
                _wait(self._from, select.POLLIN, until)
                continue
            if got == 0:
                raise EOFError
            place += got
        return data


def _wait(fd: int, event: int, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    poll = select.poll()
    poll.register(fd, event)
    poll.poll(left * 1000)


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
