"""What may not come into a log that somebody may be shown."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not settings.EMBEDDED_POSTGRES, reason="its log is not ours"),
]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("SELECT 'geheim' FROM nowhere", 'relation "nowhere" does not exist'),
        ("INSERT INTO django_session VALUES ('geheim', 'geheim', NULL)", "null value"),
    ],
)
def test_postgresql_does_not_log_what_a_statement_says(statement: str, complaint: str) -> None:
    log = settings.PLACES.log("postgres")
    before = len(log.read_text())
    with pytest.raises(DatabaseError, match=complaint), transaction.atomic():
        connection.cursor().execute(statement)
    said = log.read_text()[before:]
    assert complaint in said
    assert "geheim" not in said
