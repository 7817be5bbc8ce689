"""Purges of the log, what they are about to take, and the checkpoints of what went (SQL: written by backends/offline alone)."""

from django.db import migrations

PURGE = """
-- purging: rows up to here may be marked to go, so they can no longer be corrected. purged: rows up to here may be gone.
ALTER TABLE log_head ADD COLUMN purging bigint NOT NULL DEFAULT 0, ADD COLUMN purged bigint NOT NULL DEFAULT 0;

-- state: marking (nothing is gone and readers know nothing of it), deleting (readers start from the checkpoints), done.
CREATE TABLE log_purge (
    project text NOT NULL, number integer NOT NULL, state text NOT NULL, before bigint NOT NULL, head bigint NOT NULL, latest bigint NOT NULL,
    reaches bigint NOT NULL DEFAULT 0, pairs json NOT NULL, covered text[] NOT NULL DEFAULT '{}', shapes json,
    marked bigint NOT NULL DEFAULT 0, deleted bigint NOT NULL DEFAULT 0, begun_at bigint NOT NULL, ended_at bigint, PRIMARY KEY (project, number));
CREATE UNIQUE INDEX log_purge_one_at_a_time ON log_purge (project) WHERE state <> 'done';

CREATE TABLE log_leaving (project text NOT NULL, position bigint NOT NULL, PRIMARY KEY (project, position));

-- What one version still needs of purged rows, by entity; the newest purge's row counts. block: partials or the newest row. size: of the numbers in them.
CREATE TABLE log_checkpoint (
    code text COLLATE "C" NOT NULL, bucket smallint NOT NULL, key text COLLATE "C" NOT NULL, purge integer NOT NULL, layout smallint NOT NULL,
    oldest bigint NOT NULL, newest bigint NOT NULL, position bigint NOT NULL, size double precision NOT NULL,
    block bytea NOT NULL, PRIMARY KEY (code, bucket, key, purge));
"""
DROP = """
DROP TABLE log_purge, log_leaving, log_checkpoint;
ALTER TABLE log_head DROP COLUMN purging, DROP COLUMN purged;
"""


class Migration(migrations.Migration):
    dependencies = [("processing", "0003_letters_accounted")]

    operations = [migrations.RunSQL(PURGE, DROP)]
