"""Playing in a real Chromium: from joining to a fill, a rejection, and logging out."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from agents.models import Agent, Input, Session
from agents.services import keys
from market.models import Company
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import AXE, MARKUP, SERIOUS, SMALL
from tests.floor.hall import Hall, elsewhere

OWN_PATHS = (
    "/join",
    "/login",
    "/me",
    "/me/history",
    "/me/messages",
    "/me/actions?type=WHISTLEBLOW",
    "/me/account",
    "/markets/APEX",
)


def log_in(page: Page, hall: Hall, name: str = "ann", path: str = "/me") -> None:
    """Log an agent in, and wait until its page's socket is its own."""
    _, secret = keys.create_key(hall.agents[name])
    page.goto(f"/login?next={path.replace('?', '%3F').replace('&', '%26')}")
    page.get_by_label("Your agent's key").fill(secret)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("body[data-authenticated]")).to_have_count(1)


def test_from_joining_to_a_fill_and_a_cancellation(hall: Hall, open_page: OpenPage) -> None:
    """What is filled goes, what rests is marked in the book, what is cancelled is so at once."""
    page = open_page("/join")
    page.get_by_label("Name").fill("cid")
    page.get_by_role("radio", name="quant").check()
    page.get_by_role("button", name="Join").click()
    secret = page.locator("#key").inner_text()
    assert keys.key_of(secret) is not None
    hall.tick()

    page.goto("/markets/APEX?side=BUY&quantity=100")
    expect(page.locator("body[data-authenticated]")).to_have_count(1)
    expect(page.get_by_label("Shares", exact=True)).to_have_value("100")
    expect(page.locator("#preview")).to_contain_text("Margin available after")
    expect(page.get_by_label("Limit price")).to_be_hidden()
    page.get_by_role("button", name="Place order").click()
    row = page.locator("#open-orders tr[data-order]")
    expect(row).to_have_attribute("data-status", "pending")
    expect(row).to_contain_text("BUY 100 APEX")
    [waiting] = Input.objects.waiting()
    assert waiting.account == Agent.objects.get(name="cid").id
    hall.tick()
    expect(page.locator("#said")).to_contain_text("Filled: BUY 100 APEX at")
    expect(row).to_have_count(0)
    expect(page.locator("#means")).to_contain_text("100 at")

    price = f"{Company.objects.get(symbol='APEX').bids[-1][0] / 100 - 1:.2f}"
    page.get_by_label("Order type").select_option("LIMIT")
    page.get_by_label("Limit price").fill(price)
    page.get_by_role("button", name="Place order").click()
    expect(row).to_have_attribute("data-status", "pending")
    hall.tick()
    expect(row).to_have_attribute("data-status", "open")
    expect(page.locator("#ladder .bid.own")).to_have_text(price)
    with page.expect_response("**/me/act"):
        page.get_by_role("button", name="Cancel BUY").click()
        expect(row).to_have_attribute("data-status", "cancelling")
    hall.tick()
    expect(page.locator("#said")).to_contain_text("Cancelled: BUY 100 APEX")
    expect(row).to_have_count(0)
    expect(page.locator("#ladder .own")).to_have_count(0)


def test_what_is_refused_rolls_back_for_all_to_see(hall: Hall, open_page: OpenPage) -> None:
    """At once, and by the tick, which may find otherwise; and a key that is revoked ends it all."""
    page = open_page(may_complain=True)
    log_in(page, hall, path="/markets/APEX?side=SELL&quantity=5")
    rejected = page.locator('#open-orders tr[data-status="rejected"]')
    page.get_by_role("button", name="Place order").click()
    expect(rejected).to_contain_text("SELL 5 APEX")
    expect(page.locator("#said")).to_contain_text("You hold no APEX")
    expect(page.get_by_label("Shares", exact=True)).to_have_value("5")
    expect(rejected).to_have_count(0)

    hall.tick("ann BUY 5 MARKET")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#open-orders tr[data-order]")).to_have_attribute("data-status", "pending")
    Input.objects.filter(type="SELL").update(parameters={**selling(), "quantity": 50})
    hall.tick()
    expect(rejected).to_contain_text("SELL 5 APEX")
    expect(page.locator("#said li").first).to_contain_text("Rejected: SELL")

    page.get_by_label("Order type").select_option("LIMIT")
    page.get_by_label("Limit price").fill("1.005")
    page.get_by_label("Shares", exact=True).fill("0")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#order-quantity-fault")).to_contain_text("must lie between")
    expect(page.get_by_label("Shares", exact=True)).to_be_focused()

    with elsewhere(lambda: keys.revoke_all(hall.agents["ann"])) as revoked:
        assert revoked.result() == 1
    expect(page.locator("#ticket")).to_contain_text("Log in to trade APEX here")


def selling() -> dict[str, object]:
    return dict(Input.objects.get(type="SELL").parameters)


def test_logging_out_in_one_place_ends_the_socket_in_another(
    hall: Hall, open_page: OpenPage
) -> None:
    """And without scripts, forms do the same as with them."""
    page = open_page(may_complain=True)
    log_in(page, hall)
    other = page.context.new_page()
    other.goto("/markets/APEX")
    expect(other.locator("body[data-authenticated]")).to_have_count(1)
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".account")).to_contain_text("LOG IN")
    expect(other.locator("#ticket")).to_contain_text("Log in to trade APEX here")
    assert not Session.objects.exists()

    page = open_page("/login?next=/markets/APEX", java_script_enabled=False)
    _, secret = keys.create_key(hall.agents["ann"])
    page.get_by_label("Your agent's key").fill(secret)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Shares", exact=True).fill("10")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Margin available after")
    expect(page.get_by_label("Shares", exact=True)).to_have_value("10")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#said")).to_contain_text("BUY 10 APEX: taken for the next tick.")
    expect(page.locator("#open-orders")).to_contain_text("pending")
    page.get_by_role("button", name="Cancel BUY").click()
    expect(page.locator("#said")).to_contain_text("CANCEL ORDER: taken for the next tick.")


def test_pages_of_ones_own_serve_everybody(hall: Hall, open_page: OpenPage) -> None:
    """As the public ones do: tests/browser/test_pages.py."""
    hall.social("bob", "ALLY", "ann", proposal=MARKUP, percent=10)
    hall.tick("ann BUY 100 MARKET\nann BUY 10 NEXUS @ 1.00")
    page = open_page(reduced_motion="reduce", may_complain=True)
    touched = open_page(viewport={"width": 320, "height": 700}, has_touch=True, may_complain=True)
    faults: dict[str, object] = {}
    for path in OWN_PATHS:
        if path == "/me":
            log_in(page, hall)
            log_in(touched, hall)
        page.goto(path)
        touched.goto(path)
        page.evaluate(AXE)
        faults |= {f"{path} {fault}": "axe" for fault in page.evaluate(SERIOUS)}
        faults |= {f"{path} {fault}": "small" for fault in touched.evaluate(SMALL)}
        width = touched.evaluate("document.documentElement.scrollWidth")
        faults |= {f"{path} at 320": width} if width > 320 else {}
        assert page.evaluate("window.isFooled") is None
    page.goto("/me/messages")
    expect(page.locator("body[data-authenticated]")).to_have_count(1)
    expect(page.locator("#alliance-lines blockquote")).to_have_text(MARKUP)
    hall.social("bob", "MESSAGE", "ann", content=MARKUP)
    expect(page.locator("#said")).to_contain_text(MARKUP)
    expect(page.locator("#message-lines blockquote")).to_have_text(MARKUP)
    assert page.evaluate("window.isFooled") is None
    assert faults == {}
