"""The two engines for tests, one of each for the whole run: Spark takes seconds to start."""

import atexit
import functools

from backends.engine.base import Engine
from backends.engine.duckdb import DuckDb
from backends.engine.spark import Spark

ENGINES = ("duckdb", "spark")
# tiny queries: compiling each to bytecode would take longer than all the rest
_QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.driver.memory": "2g",
}


@functools.cache
def engine_of(name: str) -> Engine:
    """The engine of that name."""
    if name == "duckdb":
        return DuckDb()
    spark = Spark(conf=_QUICK)
    atexit.register(spark.close)  # before Python lets go of what it holds of the driver's
    spark.run("SELECT 1 AS a", {}, deadline_s=300)  # the first job loads classes, on a busy machine for longer than a deadline
    return spark
