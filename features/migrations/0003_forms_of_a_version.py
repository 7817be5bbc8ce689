from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("features", "0002_windows_of_a_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="forms",
            field=models.JSONField(default=list),
        ),
    ]
