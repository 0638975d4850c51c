"""Rules by which a small market gives the research desk much to say in a few ticks."""

from __future__ import annotations

from dataclasses import replace

from news.research.rules import RESEARCH_RULES, LevelRules, MoveRules, ViewRules, VolumeRules

TALKATIVE = replace(
    RESEARCH_RULES,
    views=ViewRules(seasoned_ticks=3),
    alerts=replace(RESEARCH_RULES.alerts, repeat_ticks=4),
    move=MoveRules(every_ticks=1, window_ticks=2, sigmas=0.2, volume_multiple=0.0),
    volume=VolumeRules(every_ticks=1, window_ticks=2, multiple=1.5),
    levels=LevelRules(every_ticks=1),
)
