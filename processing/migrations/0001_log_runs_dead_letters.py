"""The event log, its offsets and identities (SQL: backends/offline/log.py is their only writer), dead letters and runs."""

import uuid

import django.utils.timezone
from django.db import migrations, models

LOG = """
-- One row per project; its lock orders commits, so positions are dense and in commit order.
CREATE TABLE log_head (
    project text PRIMARY KEY, position bigint NOT NULL DEFAULT 0, ingested_at bigint NOT NULL DEFAULT 0, pairs integer NOT NULL DEFAULT 0);

CREATE TABLE log_event (
    project text NOT NULL, position bigint NOT NULL, source text NOT NULL, address text,
    record_time bigint NOT NULL, ingested_at bigint NOT NULL, payload json NOT NULL, deleted boolean NOT NULL DEFAULT false,
    supersedes bigint, superseded_pos bigint,
    topic_id text, topic_partition integer, topic_offset bigint, item integer,
    PRIMARY KEY (project, position));

-- Without partitions: the same id at another time is still a duplicate. address is '' for plain rows.
CREATE TABLE log_identity (
    project text COLLATE "C" NOT NULL, source text COLLATE "C" NOT NULL, address text COLLATE "C" NOT NULL, identity text COLLATE "C" NOT NULL,
    position bigint NOT NULL, revision bigint NOT NULL DEFAULT 0, deleted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (project, source, address, identity));

-- An entity type with its time column: what the derived index is kept for. complete: rows from before the pair are indexed too.
CREATE TABLE log_pair (
    id serial PRIMARY KEY, project text NOT NULL, keys text NOT NULL, time_column text NOT NULL, time_kind text NOT NULL,
    made_at bigint NOT NULL, indexed_to bigint NOT NULL DEFAULT 0, complete boolean NOT NULL DEFAULT false,
    UNIQUE (project, keys, time_column, time_kind));

CREATE TABLE log_index (
    pair integer NOT NULL, bucket smallint NOT NULL, key text COLLATE "C" NOT NULL, event_time bigint NOT NULL, position bigint NOT NULL,
    PRIMARY KEY (pair, bucket, key, event_time, position));

CREATE TABLE log_source_offset (
    project text NOT NULL, topic_id text NOT NULL, topic_partition integer NOT NULL, topic text NOT NULL, next_offset bigint NOT NULL,
    stored bigint NOT NULL DEFAULT 0, duplicates bigint NOT NULL DEFAULT 0, rejected bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (project, topic_id, topic_partition));

CREATE TABLE log_source_gap (
    project text NOT NULL, topic_id text NOT NULL, topic_partition integer NOT NULL, first_offset bigint NOT NULL, next_offset bigint NOT NULL,
    noticed_at bigint NOT NULL, PRIMARY KEY (project, topic_id, topic_partition, first_offset));

CREATE TABLE log_request (
    project text NOT NULL, request text COLLATE "C" NOT NULL, body bytea NOT NULL, made_at bigint NOT NULL, PRIMARY KEY (project, request));
"""
DROP = "DROP TABLE log_head, log_event, log_identity, log_pair, log_index, log_source_offset, log_source_gap, log_request;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.RunSQL(LOG, DROP),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project", models.TextField()),
                ("code", models.TextField()),
                ("detail", models.TextField()),
                ("source", models.TextField()),
                ("address", models.TextField(blank=True, default="")),
                ("group", models.TextField(blank=True, default="")),
                ("position", models.BigIntegerField(null=True)),
                ("partition", models.IntegerField(null=True)),
                ("offset", models.BigIntegerField(null=True)),
                ("topic_id", models.TextField(blank=True, default="")),
                ("item", models.IntegerField(default=0)),
                ("received_at", models.BigIntegerField()),
                ("payload", models.BinaryField()),
                ("payload_size", models.BigIntegerField()),
                ("payload_sha256", models.TextField()),
            ],
            options={
                "db_table": "dead_letter",
                "indexes": [models.Index(fields=["project", "-id"], name="dead_letter_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["project", "group", "position", "code"],
                        condition=models.Q(position__isnull=False),
                        name="dead_letter_quarantine_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("project", models.TextField()),
                ("type", models.TextField()),
                ("status", models.TextField(default="queued")),
                ("target", models.TextField(blank=True, default="")),
                ("params", models.JSONField(default=dict)),
                ("progress", models.FloatField(default=0.0)),
                ("rows", models.BigIntegerField(default=0)),
                ("result", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True, default="")),
                ("actor", models.TextField(blank=True, default="")),
                ("epoch", models.BigIntegerField(default=0)),
                ("owner", models.TextField(blank=True, default="")),
                ("lease_until", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "run", "indexes": [models.Index(fields=["project", "-created_at"], name="run_newest")]},
        ),
    ]
