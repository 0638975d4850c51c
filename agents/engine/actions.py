"""The agents' own actions: messages, blocks and alliances.

`check` reads either the registry or, in a web process, what the rows say: both have the reading
methods of `SocialView`.
"""

from __future__ import annotations

from typing import Protocol

from agents.engine import alliances
from agents.engine.alliances import ACTIVE as ALLIED
from agents.engine.alliances import ENDING, PENDING, Alliance, AllianceStatus
from agents.engine.messages import Contact, Mail, MessageSent, Received, check_message
from agents.engine.rules import AgentRules
from market.engine.action import (
    ALLIANCES,
    ANY_LIVING,
    BLOCKS,
    NOT_IN_PRISON,
    Action,
    Actor,
    Family,
    Verdict,
)
from market.engine.parameters import Form, Malformed, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from market.engine.values import Tick

AGENTS = "agents"  # the name of the engine that performs them
LONGEST_REFERENCE = 50  # a name's, and more than an id's


class SocialView(Protocol):
    """What a check reads."""

    rules: AgentRules
    day_ticks: Tick

    def resolve(self, reference: str) -> int: ...
    def status_of(self, account: int) -> str: ...
    def is_house(self, account: int) -> bool: ...
    def blocks(self, owner: int, other: int) -> bool: ...
    def contact(self, one: int, other: int) -> Contact | None: ...
    def received_today(self, account: int) -> Received: ...
    def open_alliances(self, account: int) -> list[Alliance]: ...
    def alliance(self, id: str) -> Alliance | None: ...


class SocialRegistry(SocialView, Protocol):
    """What an action changes: the registry, which imports these."""

    mail: Mail

    def send(self, sender: int, recipient: int, text: str, id: str) -> MessageSent: ...
    def id_of(self, id: str) -> str: ...
    def propose(self, alliance: Alliance) -> None: ...
    def form(self, alliance: Alliance) -> None: ...
    def give_notice(self, alliance: Alliance, by: int, reason: str) -> None: ...
    def end(self, alliance: Alliance, status: AllianceStatus, by: int, reason: str) -> None: ...


def social_actions(rules: AgentRules) -> tuple[Action, ...]:
    """Return the agents' own actions as `rules` limit them."""
    reason = Parameter(
        "reason",
        "reason",
        ParameterKind.TEXT,
        minimum=rules.alliances.reason_lengths[0],
        maximum=rules.alliances.reason_lengths[1],
    )
    return (
        Action(
            "MESSAGE",
            "Write to another agent; it arrives with the next tick.",
            AGENTS,
            Family.SOCIAL,
            Form(target_parameter(), _text("content", rules.messages.lengths)),
            send_message,
            check=check_letter,
            statuses=NOT_IN_PRISON,
            judged_by=frozenset({BLOCKS}),
        ),
        Action(
            "BLOCK",
            "Stop accepting messages, proposals and bribes from another agent.",
            AGENTS,
            Family.SOCIAL,
            Form(target_parameter()),
            block,
            check=check_block,
            statuses=ANY_LIVING,
            alters=frozenset({BLOCKS}),
            judged_by=frozenset({BLOCKS}),
        ),
        Action(
            "UNBLOCK",
            "Accept messages, proposals and bribes from another agent again.",
            AGENTS,
            Family.SOCIAL,
            Form(target_parameter()),
            unblock,
            check=check_unblock,
            statuses=ANY_LIVING,
            alters=frozenset({BLOCKS}),
            judged_by=frozenset({BLOCKS}),
        ),
        Action(
            "ALLY",
            "Propose an alliance: both pool so many percent of what their equity gains, and share"
            " the pool equally at each close.",
            AGENTS,
            Family.SOCIAL,
            Form(
                target_parameter(),
                _text("proposal", rules.alliances.proposal_lengths),
                Parameter(
                    "profitSharePercent",
                    "percent",
                    ParameterKind.INTEGER,
                    required=True,
                    minimum=0,
                    maximum=rules.alliances.most_percent,
                ),
            ),
            propose,
            check=check_ally,
            alters=frozenset({ALLIANCES}),
            judged_by=frozenset({ALLIANCES, BLOCKS}),
        ),
        Action(
            "ALLY_ACCEPT",
            "Accept a proposal of alliance.",
            AGENTS,
            Family.SOCIAL,
            Form(*_alliance_reference(), reason),
            accept,
            check=check_accept,
            check_form=check_reference,
            alters=frozenset({ALLIANCES}),
            judged_by=frozenset({ALLIANCES}),
        ),
        Action(
            "ALLY_REJECT",
            "Reject a proposal of alliance.",
            AGENTS,
            Family.SOCIAL,
            Form(*_alliance_reference(), reason),
            reject,
            check=check_reject,
            check_form=check_reference,
            statuses=NOT_IN_PRISON,
            alters=frozenset({ALLIANCES}),
            judged_by=frozenset({ALLIANCES}),
        ),
        Action(
            "ALLY_DISSOLVE",
            "End an alliance with the next close, which still shares; with `now` at once and"
            " unpaid, which is betrayal and public. Of your own proposal: withdraw it.",
            AGENTS,
            Family.SOCIAL,
            Form(
                *_alliance_reference(),
                reason,
                Parameter("now", "now", ParameterKind.BOOLEAN, implied=False),
            ),
            dissolve,
            check=check_dissolve,
            check_form=check_reference,
            statuses=ANY_LIVING,
            alters=frozenset({ALLIANCES}),
            judged_by=frozenset({ALLIANCES}),
        ),
    )


# Parameters


def target_parameter(*, required: bool = True) -> Parameter:
    """Return the parameter that names another agent, by its id or its name."""
    return Parameter(
        "targetAgent",
        "target",
        ParameterKind.TEXT,
        required=required,
        minimum=1,
        maximum=LONGEST_REFERENCE,
    )


def _text(name: str, lengths: tuple[int, int]) -> Parameter:
    return Parameter(
        name, name, ParameterKind.TEXT, required=True, minimum=lengths[0], maximum=lengths[1]
    )


def _alliance_reference() -> tuple[Parameter, Parameter]:
    return (
        Parameter("allianceId", "alliance", ParameterKind.UUID),
        target_parameter(required=False),
    )


def check_reference(parameters: Parameters) -> None:
    """An alliance is named by its id or by its other member. Raises Malformed."""
    if ("alliance" in parameters) == ("target" in parameters):
        raise Malformed("allianceId", "give allianceId or targetAgent, one of them")


# Targets


def target_of(view: SocialView, actor: Actor, parameters: Parameters) -> int:
    """Return the account of another agent that an action names. Raises Refused."""
    account = view.resolve(parameters["target"])
    if account == actor.account:
        raise Refused(Code.INVALID_TARGET, "This is you: name another agent.")
    return account


def reachable_target(view: SocialView, actor: Actor, parameters: Parameters) -> int:
    """Return the account of another agent that is active and takes what one sends. Raises Refused.

    What covers messages covers proposals and bribes.
    """
    account = target_of(view, actor, parameters)
    if view.status_of(account) != "active":
        raise Refused(Code.INVALID_TARGET, f"This agent is {view.status_of(account)}.")
    if view.blocks(account, actor.account):
        raise Refused(Code.INVALID_TARGET, "This agent does not want to hear from you.")
    if view.blocks(actor.account, account):
        raise Refused(Code.INVALID_TARGET, "You have blocked this agent: unblock it first.")
    return account


# Messages and blocks


def check_letter(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    target = reachable_target(view, actor, parameters)
    check_message(
        view.contact(actor.account, target),
        view.received_today(target),
        actor.account,
        actor.tick,
        view.day_ticks,
        view.rules.messages,
    )


def send_message(
    registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str
) -> Verdict:
    check_letter(registry, actor, parameters)
    target = registry.resolve(parameters["target"])
    sent = registry.send(actor.account, target, parameters["content"], id)
    return Verdict(True, data={"messageId": sent.id})


def check_block(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    if view.blocks(actor.account, target_of(view, actor, parameters)):
        raise Refused(Code.DUPLICATE, "You have blocked this agent already.")


def block(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_block(registry, actor, parameters)
    registry.mail.block(actor.account, registry.resolve(parameters["target"]), actor.tick)
    return Verdict(True)


def check_unblock(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    if not view.blocks(actor.account, target_of(view, actor, parameters)):
        raise Refused(Code.INVALID_TARGET, "You have not blocked this agent.")


def unblock(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_unblock(registry, actor, parameters)
    registry.mail.unblock(actor.account, registry.resolve(parameters["target"]), actor.tick)
    return Verdict(True)


# Alliances


def check_ally(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    target, percent = reachable_target(view, actor, parameters), parameters["percent"]
    if percent and (actor.is_house or view.is_house(target)):
        raise Refused(
            Code.INVALID_TARGET, "A house agent shares no profits: propose 0 percent to it."
        )
    alliances.check_proposal(
        view.open_alliances(actor.account),
        view.open_alliances(target),
        actor.account,
        target,
        percent,
        view.rules.alliances,
    )


def propose(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_ally(registry, actor, parameters)
    target = registry.resolve(parameters["target"])
    alliance = Alliance(
        registry.id_of(id),
        actor.tick,
        actor.account,
        target,
        parameters["percent"],
        parameters["proposal"],
    )
    registry.propose(alliance)
    return Verdict(True, data={"allianceId": alliance.id})


def check_accept(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    alliance = _proposal(view, actor, parameters)
    proposer = alliance.proposer
    if view.status_of(proposer) != "active":
        raise Refused(Code.INVALID_TARGET, f"Who proposed it is {view.status_of(proposer)}.")
    rules = view.rules.alliances
    for account, who in ((actor.account, "You are"), (proposer, "The other agent is")):
        alliances.check_room(view.open_alliances(account), alliance.percent, rules, who)


def accept(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_accept(registry, actor, parameters)
    alliance = _proposal(registry, actor, parameters)
    registry.form(alliance)
    return Verdict(True, data={"allianceId": alliance.id})


def check_reject(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    _proposal(view, actor, parameters)


def reject(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    alliance = _proposal(registry, actor, parameters)
    reason = parameters.get("reason", "")
    registry.end(alliance, AllianceStatus.REJECTED, actor.account, reason)
    return Verdict(True, data={"allianceId": alliance.id})


def check_dissolve(view: SocialView, actor: Actor, parameters: Parameters) -> None:
    alliance = _alliance(view, actor, parameters)
    if alliance.status is PENDING and actor.account != alliance.proposer:
        raise Refused(Code.CONFLICT, "This is a proposal: accept it, or reject it.")
    if alliance.status is ENDING and not parameters.get("now"):
        raise Refused(Code.DUPLICATE, "This alliance ends with the next close already.")
    if alliance.status not in alliances.OPEN:
        raise Refused(Code.ALREADY_ANSWERED, f"This alliance is over: {alliance.status}.")


def dissolve(registry: SocialRegistry, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_dissolve(registry, actor, parameters)
    alliance, by = _alliance(registry, actor, parameters), actor.account
    reason = parameters.get("reason", "")
    if alliance.status is PENDING:
        registry.end(alliance, AllianceStatus.WITHDRAWN, by, reason)
    elif parameters.get("now"):
        registry.end(alliance, AllianceStatus.BETRAYED, by, reason)
    else:
        registry.give_notice(alliance, by, reason)
    return Verdict(True, data={"allianceId": alliance.id, "status": alliance.status.value})


def _proposal(view: SocialView, actor: Actor, parameters: Parameters) -> Alliance:
    """Return the proposal that an agent may answer. Raises Refused."""
    alliance = _alliance(view, actor, parameters)
    if alliance.status is not PENDING:
        state = "formed" if alliance.status in (ALLIED, ENDING) else alliance.status.value
        raise Refused(Code.ALREADY_ANSWERED, f"This proposal is answered already: {state}.")
    if actor.account != alliance.partner:
        raise Refused(Code.FORBIDDEN, "This is your own proposal: the other agent answers it.")
    return alliance


def _alliance(view: SocialView, actor: Actor, parameters: Parameters) -> Alliance:
    """Return the alliance or proposal that an action names: one's own. Raises Refused."""
    if "alliance" in parameters:
        alliance = view.alliance(parameters["alliance"])
        if alliance is not None and alliance.has(actor.account):
            return alliance
        raise Refused(Code.INVALID_TARGET, "You have no alliance and no proposal with that id.")
    other = target_of(view, actor, parameters)
    for alliance in view.open_alliances(actor.account):
        if alliance.has(other):
            return alliance
    raise Refused(Code.INVALID_TARGET, "There is no alliance and no proposal between you two.")
