"""Articles and rumors, as the machine decided them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from news.engine.articles import BREAKING, SECTIONS, category_of


class ArticleQuerySet(models.QuerySet["Article"]):
    def of_category(self, category: str) -> ArticleQuerySet:
        """Return the articles of a section or topic, or the breaking ones."""
        if category == BREAKING:
            return self.filter(is_breaking=True)
        if category in SECTIONS:
            return self.filter(section=category)
        return self.filter(topic=category)

    def with_words(self, words: str) -> ArticleQuerySet:
        """Return the articles that a search for these words finds."""
        return self.filter(words=SearchQuery(words, search_type="websearch", config="english"))

    def with_id(self, id: UUID) -> ArticleQuerySet:
        """Return the article of this id, if there is one: by its number, with which the id ends."""
        return self.filter(number=id.int % 2**48, id=id)

    def newest_first(self) -> ArticleQuerySet:
        return self.order_by("-number")


class Article(models.Model):
    """What the desk wrote. `agents` are those it names, `figures` the numbers behind the text's."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(help_text="It ends with the number: `with_id` finds it by that.")
    tick = models.BigIntegerField()
    written_at = models.DateTimeField(db_default=Now())
    section = models.CharField(max_length=12)
    topic = models.CharField(max_length=12, blank=True)
    kind = models.CharField(max_length=24)
    headline = models.CharField(max_length=200)
    summary = models.CharField(max_length=600)
    sentiment = models.FloatField()
    symbols = ArrayField(models.CharField(max_length=12))
    agents = models.JSONField(help_text="Each with its id and name.")
    is_breaking = models.BooleanField()
    event_number = models.BigIntegerField(null=True)
    event_type = models.CharField(max_length=24, blank=True)
    event_symbol = models.CharField(max_length=12, null=True)
    event_sector = models.CharField(max_length=20, null=True)
    impact = models.FloatField(null=True, help_text="Of the event, a fraction of the price.")
    duration = models.BigIntegerField(help_text="Of the event, in ticks.")
    quote = models.CharField(max_length=280, blank=True, help_text="A rumor's own words.")
    figures = models.JSONField()
    is_pinned = models.BooleanField(db_default=False)
    is_retracted = models.BooleanField(db_default=False)
    mark_reason = models.CharField(max_length=200, blank=True, db_default="")
    # Kept, though an index of the expression would do: then counting what has a frequent word, or
    # words side by side, makes the vectors anew, twenty times as slow.
    words = models.GeneratedField(
        expression=SearchVector("headline", "summary", "quote", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            BrinIndex(name="articles_by_tick", fields=["tick"]),
            GinIndex(name="articles_by_symbol", fields=["symbols"]),
            GinIndex(name="articles_by_word", fields=["words"]),
            models.Index(name="articles_by_section", fields=["section", "number"]),
            models.Index(
                name="articles_by_topic", fields=["topic", "number"], condition=~Q(topic="")
            ),
            models.Index(
                name="articles_breaking", fields=["number"], condition=Q(is_breaking=True)
            ),
            models.Index(name="articles_pinned", fields=["number"], condition=Q(is_pinned=True)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sentiment_is_between_minus_one_and_one",
                condition=Q(sentiment__gte=-1, sentiment__lte=1),
            ),
            models.CheckConstraint(
                name="what_is_retracted_is_not_pinned",
                condition=~Q(is_pinned=True, is_retracted=True),
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def category(self) -> str:
        return category_of(self.section, self.is_breaking)


class Written(models.Model):
    """What a language model wrote of something: shown beside it, and no part of the world."""

    text = models.TextField(max_length=2_000)
    model = models.CharField(max_length=100)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Prose(Written):
    """What was written of an article."""

    article = models.OneToOneField(
        Article, on_delete=models.CASCADE, primary_key=True, related_name="prose"
    )
    tick = models.BigIntegerField(help_text="The article's.")

    def __str__(self) -> str:
        return f"prose of article {self.article_id}"


class Rumor(models.Model):
    """A rumor and what became of it. Who spread it, only operators and the SEC may see."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    tick = models.BigIntegerField()
    day = models.BigIntegerField()
    account = models.BigIntegerField(help_text="Of its author.")
    symbol = models.CharField(max_length=12)
    text = models.CharField(max_length=280)
    sentiment = models.FloatField()
    sign = models.SmallIntegerField()
    strength = models.FloatField()
    reach = models.FloatField()
    impact = models.FloatField(help_text="The log return that it moved the price by.")
    verdict = models.CharField(max_length=8, blank=True)
    judged_tick = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            BrinIndex(name="rumors_by_tick", fields=["tick"]),
            models.Index(name="rumors_by_author", fields=["account", "day"]),
            models.Index(name="rumors_by_company", fields=["symbol", "tick"]),
        ]

    def __str__(self) -> str:
        return f"rumor about {self.symbol} at {self.tick}"


# What the research desk said. A row's `number` is its tick and its place there: the same whenever
# the tape is read, so that reading it again adds nothing.


class ResearchAlert(models.Model):
    """What a checker of the research desk saw."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    tick = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    source = models.CharField(max_length=16, help_text="The checker.")
    symbol = models.CharField(max_length=12, null=True)
    side = models.CharField(max_length=4, null=True, help_text="The way it leans, if any.")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=1_000)
    colour = models.IntegerField()
    fields = models.JSONField(help_text="Each with its name and value, as shown.")
    weight = models.FloatField()
    discord = models.CharField(
        max_length=8, blank=True, db_default="", help_text="sending, sent or failed, once tried."
    )
    discord_tries = models.SmallIntegerField(db_default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(name="alerts_by_tick", fields=["tick"]),
            models.Index(name="alerts_by_company", fields=["symbol", "number"]),
            models.Index(name="alerts_by_kind", fields=["kind", "number"]),
        ]

    def __str__(self) -> str:
        return self.title


class ResearchSignal(models.Model):
    """A trade that the research desk would make, and what became of it; prices are cents."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    tick = models.BigIntegerField()
    symbol = models.CharField(max_length=12)
    action = models.CharField(max_length=4)
    kind = models.CharField(max_length=24)
    tier = models.CharField(max_length=8)
    confidence = models.SmallIntegerField()
    entry = models.BigIntegerField()
    target = models.BigIntegerField()
    stop = models.BigIntegerField()
    rationale = models.TextField(max_length=1_000)
    factors = models.JSONField()
    warnings = models.JSONField()
    risk_reward = models.FloatField()
    size = models.BigIntegerField(help_text="Shares, for the stated account.")
    account = models.BigIntegerField(help_text="Cents.")
    expires = models.BigIntegerField()
    outcome = models.CharField(max_length=10, blank=True, db_default="")
    closed_tick = models.BigIntegerField(null=True)
    entry_paid = models.BigIntegerField(null=True)
    exit_paid = models.BigIntegerField(null=True)
    return_bps = models.IntegerField(null=True)
    chance_bps = models.IntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(name="signals_by_tick", fields=["tick"]),
            models.Index(name="signals_by_company", fields=["symbol", "number"]),
            models.Index(name="signals_by_kind", fields=["kind", "number"]),
            models.Index(name="signals_open", fields=["number"], condition=Q(outcome="")),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.symbol} at {self.tick}"


class Insight(models.Model):
    """What an analyst of the research desk said; `summary` holds the facts of its text."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    tick = models.BigIntegerField()
    analyst = models.CharField(max_length=12)
    symbol = models.CharField(max_length=12, null=True)
    text = models.TextField(max_length=2_000)
    confidence = models.SmallIntegerField()
    actionable = models.JSONField()
    warnings = models.JSONField()
    summary = models.JSONField()

    class Meta:
        indexes: ClassVar = [
            models.Index(name="insights_by_tick", fields=["tick"]),
            models.Index(name="insights_by_analyst", fields=["analyst", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.analyst} at {self.tick}"


class Narrative(models.Model):
    """What all analysts saw, in one paragraph."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    tick = models.BigIntegerField()
    text = models.TextField(max_length=4_000)
    stances = models.JSONField()
    confidence = models.SmallIntegerField()
    watch = models.JSONField()
    sources = models.JSONField()

    class Meta:
        indexes: ClassVar = [models.Index(name="narratives_by_tick", fields=["tick"])]

    def __str__(self) -> str:
        return f"narrative at {self.tick}"


class NarrativeProse(Written):
    """What was written of a narrative."""

    narrative = models.OneToOneField(
        Narrative, on_delete=models.CASCADE, primary_key=True, related_name="prose"
    )
    tick = models.BigIntegerField(help_text="The narrative's.")

    def __str__(self) -> str:
        return f"prose of narrative {self.narrative_id}"


class InsightProse(Written):
    """What was written of an insight."""

    insight = models.OneToOneField(
        Insight, on_delete=models.CASCADE, primary_key=True, related_name="prose"
    )
    tick = models.BigIntegerField(help_text="The insight's.")

    def __str__(self) -> str:
        return f"prose of insight {self.insight_id}"


class ResearchState(models.Model):
    """Where the research desk stood after a tick; the newest row is its cursor. Some rows keep all
    that it remembered, as compressed JSON: it goes on from there, over the tape.
    """

    tick = models.BigIntegerField(primary_key=True)
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField(help_text="Of the last entry of the stream `research`.")
    state = models.BinaryField(null=True)
    written_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"the research desk at {self.tick}"


class ResearchAggregate(models.Model):
    """A sum over all that the research desk has said of a kind, which outlives the rows."""

    subject = models.CharField(max_length=8, help_text="alert or signal")
    kind = models.CharField(max_length=24)
    data = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_aggregate_a_kind", fields=["subject", "kind"])
        ]

    def __str__(self) -> str:
        return f"{self.subject}s of {self.kind}"
