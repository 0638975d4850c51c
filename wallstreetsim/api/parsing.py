"""The strict JSON reader: whatever is malformed or ambiguous is refused with one clear error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.http.request import MediaType
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from market.common.strict_json import parse_json

LARGEST_BODY = 256 * 1024


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = f"A body may have {LARGEST_BODY // 1024} KiB."


class StrictJSONParser(BaseParser):
    """Read a body as UTF-8 JSON, whatever it says it is, or refuse it."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        check_media_type(media_type or "")
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        return parse_json(body)


def check_media_type(content_type: str) -> None:
    """Raise UnsupportedMediaType unless a body claims to be UTF-8 JSON."""
    media = MediaType(content_type)
    named = str(media.params.get("charset", "utf-8")).lower()
    is_json = (media.main_type, media.sub_type) == ("application", "json")
    if not is_json or named not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(content_type, "A body must be application/json in UTF-8.")
