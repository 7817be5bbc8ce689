"""Applying the log as Spark jobs, where the engine is Spark."""
