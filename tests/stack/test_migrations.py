"""Migrations leave the processes of the release before what they read and write."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# What was there before processes of two releases had to go on side by side: up to 0.2.0, which
# stops all of 0.1.0.
BEFORE = {"market": 19, "agents": 13, "sec": 2, "news": 6, "webhooks": 1}
HARMLESS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,
)


def objection(operation: Operation, app: str, state: ProjectState) -> str:
    """Return why processes of the release before would not survive an operation upon a state;
    "" if they do.
    """
    match operation:
        case migrations.AddField(field=field):
            by_itself = field.null or field.has_db_default() or field.many_to_many
            return "" if by_itself else f"{operation.name} has no default in the database"
        case migrations.AlterField(field=field):
            before = state.models[app, operation.model_name_lower].fields[operation.name]
            return f"{operation.name} takes less than before" if _narrows(before, field) else ""
        case migrations.RunSQL(hints=hints):
            return "" if hints.get("additive") else "RunSQL without hints={'additive': True}"
        case migrations.SeparateDatabaseAndState(database_operations=operations):
            return next(filter(None, (objection(one, app, state) for one in operations)), "")
        case _:
            return "" if isinstance(operation, HARMLESS) else "what they use goes away, or is new"


def _narrows(before: models.Field[Any, Any], after: models.Field[Any, Any]) -> bool:
    return (
        type(before) is not type(after)
        or (before.null and not after.null)
        or (after.unique and not before.unique)
        or (after.max_length or inf) < (before.max_length or inf)
    )


def test_what_the_release_before_uses_stays() -> None:
    loader = MigrationLoader(None)
    objections = {}
    for app, name in sorted(loader.disk_migrations):
        if app in BEFORE and int(name[:4]) > BEFORE[app]:
            state = loader.project_state((app, name), at_end=False)
            for operation in loader.disk_migrations[app, name].operations:
                if why := objection(operation, app, state):
                    objections[f"{app}.{name}: {operation.describe()}"] = why
                operation.state_forwards(app, state)
    assert objections == {}


def test_every_app_of_the_exchange_is_held_to_it() -> None:
    assert set(BEFORE) == {apps.get_app_config(app).label for app in settings.EXCHANGE_APPS}


@pytest.mark.parametrize(
    ("operation", "is_harmless"),
    [
        (migrations.RenameField("order", "reason", "reason_code"), False),
        (migrations.RemoveField("order", "note"), False),
        (migrations.DeleteModel("Order"), False),
        (migrations.RenameModel("Order", "Instruction"), False),
        (migrations.AddField("order", "new", models.IntegerField(default=0)), False),
        (migrations.AddField("order", "new", models.IntegerField(db_default=0)), True),
        (migrations.AddField("order", "new", models.IntegerField(null=True)), True),
        (migrations.AlterField("order", "note", models.CharField(max_length=9)), False),
        (migrations.AlterField("order", "note", models.TextField()), False),
        (migrations.AlterField("order", "note", models.CharField(max_length=999)), True),
        (migrations.RunSQL("ALTER TABLE market_order DROP COLUMN note"), False),
        (migrations.RunSQL("SELECT 1", hints={"additive": True}), True),
        (migrations.CreateModel("New", []), True),
    ],
)
def test_what_would_break_them_is_found(operation: Operation, is_harmless: bool) -> None:
    state = MigrationLoader(None).project_state()
    assert (not objection(operation, "market", state)) == is_harmless
