"""List what waits beside the journal: a verdict then changes no indexed column, and half of each
page is left free for it, so that PostgreSQL writes it in place (a heap-only tuple).
"""

import django.db.models.deletion
from django.db import migrations, models

# By the statement, not by the row, and in it: an input and its place in the inbox are one.
_LIST_NEW_INPUTS = """
    CREATE FUNCTION agents_list_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO agents_waiting (input_id, account)
            SELECT id, account FROM arrived WHERE tick IS NULL;
        RETURN NULL;
    END $$;
    CREATE TRIGGER list_waiting AFTER INSERT ON agents_input
        REFERENCING NEW TABLE AS arrived
        FOR EACH STATEMENT EXECUTE FUNCTION agents_list_waiting();
    INSERT INTO agents_waiting (input_id, account)
        SELECT id, account FROM agents_input WHERE tick IS NULL;
    ALTER TABLE agents_input SET (fillfactor = 45);
"""
_LIST_THEM_NO_MORE = """
    ALTER TABLE agents_input RESET (fillfactor);
    DROP TRIGGER list_waiting ON agents_input;
    DROP FUNCTION agents_list_waiting;
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0002_agents_count_from_1000")]

    operations = [
        migrations.RemoveIndex(model_name="input", name="inputs_waiting"),
        migrations.CreateModel(
            name="Waiting",
            fields=[
                (
                    "input",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="waiting",
                        serialize=False,
                        to="agents.input",
                    ),
                ),
                ("account", models.BigIntegerField(db_index=True, null=True)),
            ],
            options={"verbose_name_plural": "waiting inputs"},
        ),
        migrations.RunSQL(_LIST_NEW_INPUTS, _LIST_THEM_NO_MORE),
    ]
