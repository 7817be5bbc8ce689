"""The embedded stack: PostgreSQL and Valkey from their wheels, and JStore's processes, on loopback, under JSTORE_HOME.

`python -m jstore_site.embedded up | stop | status`. No Django here: settings are read by the processes it starts.
"""
