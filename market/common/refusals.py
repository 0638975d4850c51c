"""What a request may be refused for, beyond what REST framework knows."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException, Throttled


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "Conflicts with an existing resource."


class Spent(Throttled):
    """So much of something a day, and it is used up: `sentence` says of what."""

    def __init__(self, sentence: str, wait: float) -> None:
        super().__init__(wait)
        self.sentence = sentence
