"""Reads: the newest values, values at a time, histories."""
