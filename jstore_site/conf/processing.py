"""Kafka, Spark and the processing's own switches."""

from .environment import env

KAFKA_BOOTSTRAP_SERVERS = env.str("KAFKA_BOOTSTRAP_SERVERS", default="")
KAFKA_TOPIC = env.str("KAFKA_TOPIC", default="feature-events")
KAFKA_GROUP_ID = env.str("KAFKA_GROUP_ID", default="jstore-processor")
KAFKA_SECURITY_PROTOCOL = env.str("KAFKA_SECURITY_PROTOCOL", default="PLAINTEXT")
KAFKA_SASL_MECHANISM = env.str("KAFKA_SASL_MECHANISM", default="")
KAFKA_SASL_USERNAME = env.str("KAFKA_SASL_USERNAME", default="")
KAFKA_SASL_PASSWORD = env.str("KAFKA_SASL_PASSWORD", default="")
KAFKA_SSL_CAFILE = env.str("KAFKA_SSL_CAFILE", default="")
# What was refused of a topic also goes to <topic>.dlq.
KAFKA_DEAD_LETTERS = env.bool("KAFKA_DEAD_LETTERS", default=True)

JSTORE_ENGINE = env.str("JSTORE_ENGINE", default="duckdb")
JSTORE_SPARK_MASTER = env.str("JSTORE_SPARK_MASTER", default="local[2]")
# Fixed for the life of a deployment: an entity's bucket is part of its key in Redis.
JSTORE_BUCKETS = env.int("JSTORE_BUCKETS", default=16)
# An entity of a general group with more rows in its window is recomputed on schedule: how many, and how often at most.
JSTORE_GATE_EVENTS = env.int("JSTORE_GATE_EVENTS", default=10_000)
JSTORE_GATE_SECONDS = env.int("JSTORE_GATE_SECONDS", default=60)
# Calls a second that one key may make of each web process; 0 = no limit.
JSTORE_RATE_PER_SECOND = env.int("JSTORE_RATE_PER_SECOND", default=10_000)
JSTORE_INLINE_TRANSFORMATIONS = env.str("JSTORE_INLINE_TRANSFORMATIONS", default="accept")
