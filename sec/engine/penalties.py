"""What a conviction costs: severity, fine, sentence, what of it goes to whom. Values in, values
out.
"""

from __future__ import annotations

from typing import NamedTuple

from market.engine.values import BPS_IN_ONE, Bps, Cents, Tick, ceil_div
from sec.engine.findings import Finding
from sec.engine.rules import CrimeRule, PenaltyRules, SecRules


class Penalty(NamedTuple):
    """What is imposed at a verdict: prison, or a suspension instead."""

    fine_cents: Cents
    sentence_ticks: Tick
    suspension_ticks: Tick
    reputation_lost: int  # millionths of a point


def severity_bps(finding: Finding, priors: int, rules: PenaltyRules) -> Bps:
    """Return how grave an offence is, from 0 to 10,000, earlier convictions included."""
    by_gain = finding.gain_cents * BPS_IN_ONE // rules.grave_gain_cents
    by_notional = finding.notional_cents * BPS_IN_ONE // (10 * rules.grave_gain_cents)
    return min(BPS_IN_ONE, max(by_gain, by_notional) + priors * rules.prior_bps)


def fine_of(finding: Finding, priors: int, rules: PenaltyRules) -> Cents:
    """Return the fine: 1.5 to 3 times the gain by severity and record, never below a part of the
    notional; rounded up.
    """
    span = rules.most_multiple_bps - rules.least_multiple_bps
    severity = severity_bps(finding, priors, rules)
    multiple = rules.least_multiple_bps + span * severity // BPS_IN_ONE
    return max(
        rules.least_fine_cents,
        ceil_div(finding.gain_cents * multiple, BPS_IN_ONE),
        ceil_div(finding.notional_cents * rules.notional_bps, BPS_IN_ONE),
    )


def penalty_of(
    crime: str, finding: Finding, priors: int, rules: SecRules, *, is_accomplice: bool = False
) -> Penalty:
    """Return what a conviction costs. An accomplice whose tip came first pays a part of it."""
    penalties = rules.penalties
    rule = crime_rule(crime, penalties)
    severity = severity_bps(finding, priors, penalties)
    sentence = suspension = 0
    if rule.may_be_light and not priors and severity < penalties.light_bps:
        span = penalties.most_suspension_ticks - penalties.least_suspension_ticks
        suspension = penalties.least_suspension_ticks + span * severity // penalties.light_bps
    else:
        span = (rule.most_years - rule.least_years) * penalties.ticks_a_year
        sentence = rule.least_years * penalties.ticks_a_year + span * severity // BPS_IN_ONE
    fine = fine_of(finding, priors, penalties)
    span = penalties.most_reputation_loss_millionths - penalties.least_reputation_loss_millionths
    lost = penalties.least_reputation_loss_millionths + span * severity // BPS_IN_ONE
    if is_accomplice:
        kept = rules.tips.accomplice_keeps_bps
        fine = ceil_div(fine * kept, BPS_IN_ONE)
        sentence, suspension = sentence * kept // BPS_IN_ONE, suspension * kept // BPS_IN_ONE
    return Penalty(fine, sentence, suspension, lost)


def settlement_of(finding: Finding, priors: int, rules: SecRules, *, is_accomplice: bool) -> Cents:
    """Return what ends a case without a verdict: a part of the fine, never below a multiple of the
    gain.
    """
    fine = fine_of(finding, priors, rules.penalties)
    if is_accomplice:
        fine = ceil_div(fine * rules.tips.accomplice_keeps_bps, BPS_IN_ONE)
    return max(
        ceil_div(fine * rules.cases.settled_bps, BPS_IN_ONE),
        ceil_div(finding.gain_cents * rules.cases.settled_gain_bps, BPS_IN_ONE),
    )


def crime_rule(crime: str, rules: PenaltyRules) -> CrimeRule:
    """Return the rule of a crime. Raises KeyError."""
    for rule in rules.crimes:
        if rule.name == crime:
            return rule
    raise KeyError(crime)
