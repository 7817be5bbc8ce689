"""What a truncated Kafka log is known by, and that its reading was stopped."""

from django.db import migrations

ADD = """
-- The leader epoch of the record before next_offset (-1: unknown): a log that was cut and has grown again is found by it.
ALTER TABLE log_source_offset ADD COLUMN leader_epoch integer NOT NULL DEFAULT -1;
-- Not null: the partition is no longer read, since its log was found to end, or to be another one, from this offset on.
ALTER TABLE log_source_offset ADD COLUMN stopped_at bigint;
"""
DROP = "ALTER TABLE log_source_offset DROP COLUMN leader_epoch, DROP COLUMN stopped_at;"


class Migration(migrations.Migration):
    dependencies = [("processing", "0001_log_runs_dead_letters")]

    operations = [migrations.RunSQL(ADD, DROP)]
