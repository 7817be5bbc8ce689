"""Versions of several windows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("features", "0001_registry")]

    operations = [
        migrations.AddField("version", "windows", models.JSONField(default=list, verbose_name="windows")),
    ]
