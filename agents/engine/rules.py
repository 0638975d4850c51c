"""The rules for agents: what each role starts with, and what agents may do to each other."""

from dataclasses import dataclass, field

from market.engine.values import Bps, Cents, Tick

POINT = 1_000_000  # of reputation


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    capital_cents: Cents
    leverage: int
    pays_fees: bool = True
    action_budget: int = 1  # times the usual number of requests a minute
    ability: str = ""  # what it may that others may not, in a sentence


CEO = "ceo"
RETAIL_TRADER = "retail_trader"
INVESTIGATOR = "sec_investigator"
INFLUENCER = "influencer"
JOURNALIST = "financial_journalist"
WHISTLEBLOWER = "whistleblower"

ROLES = (
    Role("hedge_fund_manager", 10_000_000_000, 10),
    Role("quant", 5_000_000_000, 5, action_budget=2, ability="May act twice as often as others."),
    Role(
        CEO,
        1_000_000_000,
        1,
        ability="Heads a company, is paid by the day, hears early of small events, and is watched.",
    ),
    Role("investment_banker", 100_000_000, 3, pays_fees=False, ability="Pays no fees."),
    Role(
        RETAIL_TRADER,
        1_000_000,
        2,
        ability="Its rumors reach further the more retail traders spread the same.",
    ),
    Role(
        INVESTIGATOR,
        10_000_000,
        1,
        ability="Is assigned cases, may read an accused's messages in them, and its tips weigh"
        " double.",
    ),
    Role(INFLUENCER, 10_000_000, 2, ability="Its rumors reach three times as far, and cost less."),
    Role(JOURNALIST, 5_000_000, 1, ability="Its rumors reach twice as far, and cost less."),
    Role(WHISTLEBLOWER, 2_500_000, 1, ability="Gets double pay for a tip that convicts."),
)


@dataclass(frozen=True, slots=True)
class ReputationRules:
    """How reputations move; there are 0 to 100 points of it."""

    start_millionths: int = 50 * POINT
    highest_millionths: int = 100 * POINT
    interval: Tick = 100  # at which time tells
    drifts_to_millionths: int = 50 * POINT
    kept_per_10_000: int = 9_512  # of the distance, after an interval: 0.9995 a tick
    clean_ticks: Tick = 1_000  # after which a clean record counts
    clean_gain_millionths: int = POINT
    clean_ceiling_millionths: int = 70 * POINT
    betrayal_millionths: int = -10 * POINT
    history: int = 10  # changes that a profile shows


@dataclass(frozen=True, slots=True)
class GiftRules:
    """Payouts and bribes: what one may give is its surplus, what one receives is capped."""

    day_bps: Bps = 100  # of the receiver's endowment
    life_bps: Bps = 2_000
    free_bribes_cents: Cents = 1_000_000  # in a life, from below the endowment too


@dataclass(frozen=True, slots=True)
class MessageRules:
    lengths: tuple[int, int] = (1, 500)
    per_pair_day: int = 20  # once answered
    received_day: int = 100
    from_strangers_day: int = 20  # of these
    contact_days: int = 20  # after which an unanswered first contact may be repeated
    in_briefing: int = 20


@dataclass(frozen=True, slots=True)
class AllianceRules:
    proposal_lengths: tuple[int, int] = (10, 500)
    reason_lengths: tuple[int, int] = (1, 200)
    most: int = 3
    most_percent: int = 100  # of all that one is in
    most_proposals: int = 10  # that are not answered
    proposal_ticks: Tick = 200
    remembered_ticks: Tick = 630  # when over


@dataclass(frozen=True, slots=True)
class CeoRules:
    salary_cents: Cents = 1_000_000  # a day
    lapses_after: Tick = 1_260  # without an action
    hears_after: Tick = 630  # in office
    hears_ahead: Tick = 5
    hears_up_to: float = 0.05  # of what an event is worth


@dataclass(frozen=True, slots=True)
class AgentRules:
    """The rules for agents as one value."""

    roles: tuple[Role, ...] = ROLES
    name_lengths: tuple[int, int] = (3, 50)
    actions_per_request: int = 10
    fled_ticks: Tick = 5_000  # until one who has fled is back, with no reputation
    address_endowment_cents: Cents = 25_000_000_000  # a real day
    reputation: ReputationRules = field(default_factory=ReputationRules)
    gifts: GiftRules = field(default_factory=GiftRules)
    messages: MessageRules = field(default_factory=MessageRules)
    alliances: AllianceRules = field(default_factory=AllianceRules)
    ceo: CeoRules = field(default_factory=CeoRules)

    def role(self, name: str) -> Role:
        """Return a role by its name. Raises KeyError."""
        for role in self.roles:
            if role.name == name:
                return role
        raise KeyError(name)
