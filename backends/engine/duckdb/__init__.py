"""DuckDB in a pool of warm, hardened child processes."""

from backends.engine.duckdb.pool import DuckDb

__all__ = ["DuckDb"]
