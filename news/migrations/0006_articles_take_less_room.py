"""Articles stay for ever. What a search looks in is in its index alone, not in a column beside, and
an id is found by the number with which it ends.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("news", "0005_insight_prose")]

    operations = [
        migrations.RemoveIndex(model_name="article", name="articles_by_word"),
        migrations.RemoveField(model_name="article", name="words"),
        migrations.AddIndex(
            model_name="article",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    "headline", "summary", "quote", config="english"
                ),
                name="articles_by_word",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="id",
            field=models.UUIDField(
                help_text="It ends with the number: `with_id` finds it by that."
            ),
        ),
    ]
