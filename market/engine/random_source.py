"""Randomness without state: every draw is named by (seed, tick, key, purpose).

A keyed hash of the name gives the bits, so a draw never depends on how many others were made before
it: adding an agent or a company shifts nobody else's noise, and a replay needs no generator to
restore.
"""

import math
import struct
from hashlib import blake2b

_TWO_TO_MINUS_52 = 2.0**-52  # one bit fewer than a float holds: the half step below stays exact
_NORMAL_DRAWS = struct.Struct("<4Q")


class RandomSource:
    """The random streams of one world, opened from its seed."""

    __slots__ = ("_key",)

    def __init__(self, seed: str) -> None:
        self._key = blake2b(seed.encode(), digest_size=32).digest()

    def uniforms(self, tick: int, key: str, purpose: str) -> tuple[float, float, float, float]:
        """Draw four uniforms in the open interval (0, 1)."""
        name = f"{tick}|{key}|{purpose}".encode()
        bits = _NORMAL_DRAWS.unpack(blake2b(name, digest_size=32, key=self._key).digest())
        return (
            ((bits[0] >> 12) + 0.5) * _TWO_TO_MINUS_52,
            ((bits[1] >> 12) + 0.5) * _TWO_TO_MINUS_52,
            ((bits[2] >> 12) + 0.5) * _TWO_TO_MINUS_52,
            ((bits[3] >> 12) + 0.5) * _TWO_TO_MINUS_52,
        )

    def uniform(self, tick: int, key: str, purpose: str) -> float:
        return self.uniforms(tick, key, purpose)[0]

    def normal(self, tick: int, key: str, purpose: str) -> float:
        """Draw from the standard normal distribution (Box and Muller, 1958)."""
        u, v, _, _ = self.uniforms(tick, key, purpose)
        return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)

    def student_t4(self, tick: int, key: str, purpose: str) -> float:
        """Draw from Student's t with four degrees of freedom, rescaled to unit variance.

        Source: the closed form of the quantile function at four degrees of freedom (Shaw 2006).
        """
        return student_t4_quantile(self.uniform(tick, key, purpose)) / math.sqrt(2.0)

    def derive(self, purpose: str) -> int:
        """Return 128 bits for naming things, from which the seed cannot be found."""
        return int.from_bytes(
            blake2b(purpose.encode(), digest_size=16, key=self._key).digest(), "big"
        )


def student_t4_quantile(u: float) -> float:
    alpha = 4.0 * u * (1.0 - u)
    root = math.sqrt(alpha)
    q = math.cos(math.acos(min(1.0, root)) / 3.0) / root
    return math.copysign(2.0 * math.sqrt(max(0.0, q - 1.0)), u - 0.5)
