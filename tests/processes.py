"""What a process of ours has to know in order to work on the test database."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """Return the URL of the test database, which other processes cannot guess."""
    database = connection.settings_dict
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    host = quote(database["HOST"], safe="")
    return f"postgresql://{quote(database['USER'])}{password}@{host}{port}/{database['NAME']}"
