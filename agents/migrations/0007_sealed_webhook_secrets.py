"""Seal the webhooks' secrets, so that a stolen row alone does not sign."""

from django.db import migrations, models


def seal_all(apps, schema_editor):
    from agents.services.sealing import seal

    Agent = apps.get_model("agents", "Agent")
    for agent in Agent.objects.filter(webhook_secret__startswith="whsec_"):
        agent.webhook_secret = seal(agent.webhook_secret)
        agent.save(update_fields=["webhook_secret"])


def open_all(apps, schema_editor):
    from agents.services.sealing import open_sealed

    Agent = apps.get_model("agents", "Agent")
    for agent in Agent.objects.exclude(webhook_secret=""):
        agent.webhook_secret = open_sealed(agent.webhook_secret)
        agent.save(update_fields=["webhook_secret"])


class Migration(migrations.Migration):
    dependencies = [("agents", "0006_verdicts")]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="webhook_secret",
            field=models.CharField(help_text="Sealed.", max_length=200),
        ),
        migrations.RunPython(seal_all, open_all, elidable=True),
    ]
