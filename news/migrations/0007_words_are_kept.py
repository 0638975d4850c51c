"""What a search looks in is a column again. Without it, counting what has a frequent word read and
parsed every article.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("news", "0006_articles_take_less_room")]

    operations = [
        migrations.RemoveIndex(model_name="article", name="articles_by_word"),
        migrations.AddField(
            model_name="article",
            name="words",
            field=models.GeneratedField(
                expression=django.contrib.postgres.search.SearchVector(
                    "headline", "summary", "quote", config="english"
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["words"], name="articles_by_word"
            ),
        ),
    ]
