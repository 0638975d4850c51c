"""Encrypt the webhooks' secrets, so that a stolen row alone does not sign."""

from django.db import migrations, models


def encrypt_all(apps, schema_editor):
    from agents.services.encryption import encrypt

    Agent = apps.get_model("agents", "Agent")
    for agent in Agent.objects.filter(webhook_secret__startswith="whsec_"):
        agent.webhook_secret = encrypt(agent.webhook_secret)
        agent.save(update_fields=["webhook_secret"])


def decrypt_all(apps, schema_editor):
    from agents.services.encryption import decrypt

    Agent = apps.get_model("agents", "Agent")
    for agent in Agent.objects.exclude(webhook_secret=""):
        agent.webhook_secret = decrypt(agent.webhook_secret)
        agent.save(update_fields=["webhook_secret"])


class Migration(migrations.Migration):
    dependencies = [("agents", "0006_verdicts")]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="webhook_secret",
            field=models.CharField(help_text="Encrypted.", max_length=200),
        ),
        migrations.RunPython(encrypt_all, decrypt_all, elidable=True),
    ]
