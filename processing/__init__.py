"""The road of an event: the log, the applier, consumers, runs."""
