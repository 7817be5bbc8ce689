"""What a check of the log's accounts remembers: what was purged by then, by how much all is off, and when all was counted."""

from django.db import migrations

FORWARD = """
ALTER TABLE log_source_check ADD COLUMN purged bigint NOT NULL DEFAULT 0, ADD COLUMN broken bigint NOT NULL DEFAULT 0,
    ADD COLUMN full_at bigint NOT NULL DEFAULT 0;
"""
BACKWARD = "ALTER TABLE log_source_check DROP COLUMN purged, DROP COLUMN broken, DROP COLUMN full_at;"


class Migration(migrations.Migration):
    dependencies = [("processing", "0004_log_purge")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
