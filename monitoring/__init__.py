"""The home page, health and metrics."""
