"""Spark by any master URL."""

from backends.engine.spark.session import Spark

__all__ = ["Spark"]
