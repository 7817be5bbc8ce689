"""Wiring only: settings, URLs, processes. What JStore does is in the apps beside this package."""
