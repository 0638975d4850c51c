"""Fields that take what they say and nothing like it: no 5 for "5", no guess for a bad value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class _AsWritten(serializers.CharField):
    """A JSON string, and nothing that could be written as one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, trim_whitespace=False, **options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Must be a string.")
        return data


class Text(_AsWritten):
    """A JSON string, taken as it is written; one that may not be blank says so in the schema."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        if not options.get("allow_blank"):
            options.setdefault("min_length", 1)
        super().__init__(*arguments, **options)


class Pattern(_AsWritten, serializers.RegexField):
    """A JSON string that matches a pattern."""


class Number(serializers.IntegerField):
    """A whole number in a query string, in ASCII digits."""

    def to_internal_value(self, data: object) -> int:
        if not isinstance(data, str) or not _WHOLE_NUMBER.fullmatch(data):
            raise serializers.ValidationError("Must be a whole number.")
        return int(data)


class Choice(serializers.ChoiceField):
    """One of a few values; a refusal names them."""

    def __init__(self, choices: Iterable[Any], **options: Any) -> None:
        wanted = ", ".join(map(str, choices := list(choices)))
        super().__init__(
            choices, error_messages={"invalid_choice": f"Must be one of: {wanted}."}, **options
        )


class Body(serializers.Serializer[Any]):
    """The JSON object of a request; a field that it does not know is a fault."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the checked fields. Raises ValidationError."""
        body = cls(data=request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def to_internal_value(self, data: Any) -> Any:
        faults: dict[Any, Any] = {}
        if isinstance(data, Mapping):
            there_are = (
                f"There are: {', '.join(self.fields)}." if self.fields else "There are none."
            )
            faults = {k: [f"Unknown field. {there_are}"] for k in data if k not in self.fields}
        try:
            checked = super().to_internal_value(data)
        except serializers.ValidationError as wrong:
            assert isinstance(wrong.detail, dict)
            raise serializers.ValidationError({**faults, **wrong.detail}) from None
        if faults:
            raise serializers.ValidationError(faults)
        return checked


class NoBody(Body):
    """What a request carries that says all in its path: nothing, or an empty object."""


class Query(serializers.Serializer[Any]):
    """The parameters of a query string; one that it does not know, or that stands twice, is a
    fault.
    """

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the checked parameters, defaults filled in. Raises ValidationError."""
        query = cls(data=request.query_params.dict())
        refuse_unknown(request, query.fields)
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Raise ValidationError for a query parameter that is not known, or is given twice."""
    names = list(known)
    there_are = f"There are: {', '.join(names)}." if names else "There are none here."
    faults = {
        name: ["Is given twice."] if name in names else [f"Unknown parameter. {there_are}"]
        for name, values in request.query_params.lists()
        if name not in names or len(values) > 1
    }
    if faults:
        raise serializers.ValidationError(faults)
