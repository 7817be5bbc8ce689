"""Spark's door: the same SQL over a SparkSession, on whatever master the operator names.

The session is shared by the process and made at the first job; each job has a session of its own over the same context, so that
`input_data` of one never meets that of another.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JNetworkError  # type: ignore[import-untyped]
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from backends.engine.base import Engine, EngineFailed
from backends.engine.normal import outward

_UTC = pa.timestamp("us", "UTC")
_LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "2"}
_STATIC = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.task.reaper.enabled": "true",
    "spark.task.reaper.killTimeout": "30s",
    "spark.sql.catalogImplementation": "in-memory",
}
_RUNTIME = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.scripting.enabled": "false",
    "spark.sql.variable.substitute": "false",  # '${env:NAME}' in a text would be replaced by the driver's environment
    "spark.sql.crossJoin.enabled": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
T = TypeVar("T")
logging.getLogger("py4j").setLevel(logging.CRITICAL)  # it logs what it raises, and more of it when the driver ends


class Spark(Engine):
    """Spark behind the same door. `master` is JSTORE_SPARK_MASTER or local[2]; `conf` are further settings of its own session."""

    dialect = "spark"

    def __init__(self, master: str | None = None, conf: Mapping[str, str] | None = None) -> None:
        self._master = master or os.environ.get("JSTORE_SPARK_MASTER") or "local[2]"
        self._conf = dict(conf or {})
        self._lock = threading.Lock()
        self._session: SparkSession | None = None

    @property
    def session(self) -> SparkSession:
        """The process's session; one that stands already is taken as it is."""
        with self._lock:
            if self._session is None:
                local = self._master.startswith("local")
                if local:
                    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
                os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
                builder = SparkSession.builder.appName("jstore").master(self._master)
                for name, value in {**_STATIC, **_RUNTIME, **(_LOCAL if local else {}), **self._conf}.items():
                    builder = builder.config(name, value)
                self._session = builder.getOrCreate()
            return self._session

    def run(self, sql: str, tables: Mapping[str, pa.Table], *, deadline_s: float = 30) -> pa.Table:
        """See Engine.run. At the deadline the job is interrupted; Spark may take a moment more to let go."""
        return outward(self._ask(sql, tables, DataFrame.toArrow, deadline_s))

    def describe(self, sql: str, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
        """See Engine.describe; Spark analyzes the SQL without running it."""
        tables = {name: schema.empty_table() for name, schema in schemas.items()}
        schema = self._ask(sql, tables, lambda frame: to_arrow_schema(frame.schema), 60)
        return outward(schema.empty_table()).schema

    def close(self) -> None:
        """Stop the session, with the context that others in this process may share."""
        with self._lock:
            if self._session is not None:
                self._session.stop()
                self._session = None

    def _forget(self) -> None:
        """Let go of a driver that died; pyspark keeps what it knew of it and would ask it forever."""
        with self._lock:
            self._session = None
            SparkSession._instantiatedSession = None
            SparkContext._active_spark_context = None
            SparkContext._gateway = SparkContext._jvm = None

    def _ask(self, sql: str, tables: Mapping[str, pa.Table], question: Callable[[DataFrame], T], deadline_s: float) -> T:
        expired = threading.Event()
        try:
            session = self.session.newSession()
            for name, value in _RUNTIME.items():
                session.conf.set(name, value)
            timer = threading.Timer(deadline_s, _interrupt, (session, expired))
            timer.daemon = True
            timer.start()
            try:
                for name, table in tables.items():
                    session.createDataFrame(_zoned(table)).createOrReplaceTempView(name)
                return question(session.sql(sql))
            finally:
                timer.cancel()
        except (PySparkException, Py4JError, pa.ArrowException, ValueError, ConnectionError) as error:
            if expired.is_set():
                raise EngineFailed("timeout", "the query was stopped at its deadline") from None
            if isinstance(error, (Py4JNetworkError, ConnectionError)):
                self._forget()
                raise EngineFailed("killed", "the Spark driver ended") from error
            raise EngineFailed("sql", _words(error)) from error


def _interrupt(session: SparkSession, expired: threading.Event) -> None:
    expired.set()
    session.interruptAll()


def _zoned(table: pa.Table) -> pa.Table:
    """Spark's TIMESTAMP is an instant: a time without a zone would become TIMESTAMP_NTZ."""
    fields: list[Any] = [f.with_type(_UTC) if pa.types.is_timestamp(f.type) else f.with_type(_deep(f.type)) for f in table.schema]
    schema = pa.schema(fields)
    table = table if table.schema.equals(schema) else table.cast(schema)
    # pyspark stumbles over columns without a single chunk
    return table if table.num_rows else pa.Table.from_batches([pa.RecordBatch.from_pylist([], schema=schema)])


def _deep(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return _UTC
    if pa.types.is_list(kind):
        return pa.list_(_deep(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _deep(field.type)) for field in kind])
    return kind


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
