"""Roles: what each starts with, and how far it may lever it."""

from dataclasses import dataclass

from market.engine.values import Cents


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    capital_cents: Cents
    leverage: int
    pays_fees: bool = True


ROLES = (
    Role("hedge_fund_manager", 10_000_000_000, 10),
    Role("quant", 5_000_000_000, 5),
    Role("ceo", 1_000_000_000, 1),
    Role("investment_banker", 100_000_000, 3, pays_fees=False),
    Role("retail_trader", 1_000_000, 2),
    Role("sec_investigator", 10_000_000, 1),
    Role("influencer", 10_000_000, 2),
    Role("financial_journalist", 5_000_000, 1),
    Role("whistleblower", 2_500_000, 1),
)


@dataclass(frozen=True, slots=True)
class AgentRules:
    """The rules for agents as one value. Reputation goes from 0 to 100 points."""

    roles: tuple[Role, ...] = ROLES
    starting_reputation_hundredths: int = 5_000
    name_lengths: tuple[int, int] = (3, 50)
    actions_per_request: int = 10

    def role(self, name: str) -> Role:
        """Return a role by its name. Raises KeyError."""
        for role in self.roles:
            if role.name == name:
                return role
        raise KeyError(name)
