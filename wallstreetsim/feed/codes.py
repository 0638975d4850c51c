"""The codes with which the feed closes a socket."""

from enum import IntEnum


class Close(IntEnum):
    TOO_BIG = 1009
    RESTART = 1012
    UNAUTHORIZED = 4401
    ORIGIN = 4403
    UNKNOWN = 4404
    SLOW_CONSUMER = 4408
    REPLACED = 4409
    TOO_FAST = 4429
    TOO_MANY_SOCKETS = 4430
