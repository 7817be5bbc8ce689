"""Refused rows leave a trace: what goes to <topic>.dlq, what was given back or thrown away, and the counts that must agree."""

from django.db import migrations, models

FORWARD = """
-- rows: counted before they are judged, so that stored + duplicates + rejected can be held against it. records, gaps and first_offset
-- begin where this migration found the partition. purged: rows of it that a purge took out of the log.
ALTER TABLE log_source_offset
    ADD COLUMN first_offset bigint, ADD COLUMN records bigint NOT NULL DEFAULT 0, ADD COLUMN gaps bigint NOT NULL DEFAULT 0,
    ADD COLUMN rows bigint NOT NULL DEFAULT 0, ADD COLUMN purged bigint NOT NULL DEFAULT 0;
UPDATE log_source_offset SET first_offset = CASE WHEN next_offset < 0 THEN NULL ELSE next_offset END,
    rows = stored + duplicates + rejected;

-- How far the rows of a partition were counted, and by how many they differ from its counters. topic_id '' and partition -1:
-- the rows that came otherwise.
CREATE TABLE log_source_check (
    project text NOT NULL, topic_id text NOT NULL, topic_partition integer NOT NULL, position bigint NOT NULL, stored bigint NOT NULL,
    difference bigint NOT NULL, checked_at bigint NOT NULL, PRIMARY KEY (project, topic_id, topic_partition));

-- Rows that carry the keys of a pair and still have no place in its index: a key or a time of theirs is no good.
CREATE TABLE log_unplaced (pair integer NOT NULL, position bigint NOT NULL, PRIMARY KEY (pair, position));
INSERT INTO log_unplaced (pair, position)
    SELECT p.id, e.position FROM log_pair p JOIN log_event e ON e.project = p.project AND NOT e.deleted
    WHERE (p.complete OR e.position <= p.indexed_to OR e.position > p.made_at)
    AND (SELECT bool_and(e.payload ->> k IS NOT NULL) FROM json_array_elements_text(p.keys::json) AS keys(k))
    AND NOT EXISTS (SELECT 1 FROM log_index i WHERE i.pair = p.id AND i.position = e.position);
"""
BACKWARD = """
ALTER TABLE log_source_offset DROP COLUMN first_offset, DROP COLUMN records, DROP COLUMN gaps, DROP COLUMN rows, DROP COLUMN purged;
DROP TABLE log_source_check, log_unplaced;
"""
# Letters of Kafka that were given back or thrown away before anybody counted them.
GONE = """
INSERT INTO letters_gone (project, topic_id, partition, letters)
    SELECT o.project, o.topic_id, o.topic_partition, o.rejected - (
        SELECT count(*) FROM dead_letter d WHERE d.project = o.project AND d.topic_id = o.topic_id
        AND d.partition = o.topic_partition AND d.position IS NULL)
    FROM log_source_offset o;
"""


class Migration(migrations.Migration):
    dependencies = [("processing", "0002_stopped_partitions")]

    operations = [
        migrations.CreateModel(
            name="OutgoingLetter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("letter", models.BigIntegerField()),
                ("topic", models.TextField()),
                ("headers", models.JSONField()),
                ("payload", models.BinaryField()),
            ],
            options={"db_table": "letters_outgoing"},
        ),
        migrations.CreateModel(
            name="SettledQuarantine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project", models.TextField()),
                ("group", models.TextField()),
                ("position", models.BigIntegerField()),
                ("code", models.TextField()),
            ],
            options={
                "db_table": "quarantine_settled",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "group", "position", "code"), name="quarantine_settled_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="GoneLetters",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project", models.TextField()),
                ("topic_id", models.TextField()),
                ("partition", models.IntegerField()),
                ("letters", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "letters_gone",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "topic_id", "partition"), name="letters_gone_partition")
                ],
            },
        ),
        migrations.AddIndex("deadletter", models.Index(fields=["project", "code", "-id"], name="dead_letter_code")),
        migrations.AddIndex(
            "deadletter",
            models.Index(
                fields=["project", "topic_id", "partition"],
                condition=models.Q(position__isnull=True),
                name="dead_letter_partition",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(GONE, migrations.RunSQL.noop),
    ]
