from django.db import migrations, models

# What the one field said in words, and the codes for it; of the rest the words become the note.
CODES = {
    "cancelled by its owner": "BY_OWNER",
    "cancelled by an operator": "BY_OPERATOR",
    "it met an order of the same account": "SELF_TRADE",
    "the day has ended": "DAY_ENDED",
    "equity no longer covers it": "EQUITY_TOO_LOW",
    "liquidation": "LIQUIDATION",
    "bankruptcy": "BANKRUPTCY",
    "a split left nothing of it": "SPLIT",
    "replaced": "REQUOTED",
}
WORDS = {code: words for words, code in CODES.items()}


def split(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for words, code in CODES.items():
            cursor.execute(
                "UPDATE market_order SET reason_code = %s WHERE reason_code = %s", [code, words]
            )
        cursor.execute(
            "UPDATE market_order SET note = reason_code, reason_code = ''"
            " WHERE reason_code <> upper(reason_code)"
        )


def join(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE market_order SET reason_code = left(note, 40) WHERE reason_code = ''")
        for code, words in WORDS.items():
            cursor.execute(
                "UPDATE market_order SET reason_code = %s WHERE reason_code = %s", [words, code]
            )


class Migration(migrations.Migration):
    dependencies = [("market", "0015_margin_by_company")]

    operations = [
        migrations.RenameField("order", "reason", "reason_code"),
        migrations.AddField(
            "order",
            "note",
            models.CharField(
                blank=True, default="", max_length=200, help_text="What the code does not say."
            ),
            preserve_default=False,
        ),
        migrations.RunPython(split, join),
        migrations.AlterField(
            "order",
            "reason_code",
            models.CharField(blank=True, max_length=24, help_text="Why it ended unfilled."),
        ),
    ]
