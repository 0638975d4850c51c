"""How long Hypothesis looks: the same few seconds every time, unless HYPOTHESIS_PROFILE=deep."""

import os

from hypothesis import HealthCheck, settings

_untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("check", _untimed, derandomize=True, database=None, max_examples=60)
settings.register_profile("deep", _untimed, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))
