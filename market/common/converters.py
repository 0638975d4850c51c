"""What may stand in a path: read here, so that every app's paths know it."""

from django.urls import register_converter
from django.urls.converters import StringConverter, UUIDConverter


class SymbolConverter(StringConverter):
    regex = "[A-Za-z0-9.]{1,12}"


class IdConverter(UUIDConverter):
    regex = f"(?i:{UUIDConverter.regex})"


class AgentNameConverter(StringConverter):
    regex = "[A-Za-z0-9_-]{3,50}"


register_converter(AgentNameConverter, "agent")
register_converter(SymbolConverter, "symbol")
register_converter(IdConverter, "id")
