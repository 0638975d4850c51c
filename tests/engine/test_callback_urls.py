"""Where briefings may be sent: not to us, not into our network, whatever the address looks like."""

from __future__ import annotations

import pytest

from agents.engine.callback_urls import (
    SERVICE_PORTS,
    BadCallbackUrl,
    OwnHost,
    PrivateAddresses,
    Target,
    check_addresses,
    parse_callback_url,
    refusal,
)

OWN = OwnHost(frozenset({"exchange.example.com"}), frozenset({"10.1.2.3", "8.8.4.4"}), 8_080)
PUBLIC = "93.184.216.34"


def allows(
    address: str,
    *,
    allowed: PrivateAddresses = PrivateAddresses.OFF,
    port: int = 443,
    host: str = "",
) -> bool:
    """Say whether a host that leads to this address may be briefed."""
    try:
        target = Target("https", host or address, port)
        check_addresses(target, address.split(), allowed=allowed, own=OWN)
    except BadCallbackUrl:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com/hook?x=1", ("https", "example.com", 443)),
        ("http://Example.COM", ("http", "example.com", 80)),
        ("HTTP://example.com:8000/a/b", ("http", "example.com", 8000)),
        ("http://93.184.216.34:9999/", ("http", "93.184.216.34", 9999)),
        ("http://[2606:2800:220:1::1]/x", ("http", "2606:2800:220:1::1", 80)),
        ("https://xn--bcher-kva.example/", ("https", "xn--bcher-kva.example", 443)),
    ],
)
def test_a_good_url_says_where_it_points(url: str, target: tuple[str, str, int]) -> None:
    assert parse_callback_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "http://",
        "http:///hook",
        "http:example.com",
        "//example.com/",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\n",
        "http://example.com/\r\nHost: x",
        "http://ex\u00e4mple.com/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://127%2e0.0.1/",
        "http://example.com:22/",
        "http://example.com:25/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:5432/",
        "http://example.com:6379/",
        "http://example.com:-1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://127.0.0.01/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:999.0.0.1]/",
        "http://a..b/",
        "http://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 500,
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(BadCallbackUrl):
        parse_callback_url(url)


PRIVATE = """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
    192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250
    240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:c0a8:101::1
    2001:0:53aa:64c:: 2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fe80::5efe:10.0.0.1 fec0::1 ff02::1
    2606:2800:220:1:0:5efe:a00:1 100::1
""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_within_reach_of_ours_alone_is_allowed(address: str) -> None:
    assert not allows(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:2800:220:1::1", f"::ffff:{PUBLIC}", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert allows(address)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    assert not allows(f"{PUBLIC} 127.0.0.1", host="mixed.example.com")
    assert allows(f"{PUBLIC} 1.1.1.1", host="mixed.example.com")


def test_the_exchange_sends_itself_nothing() -> None:
    assert not allows(PUBLIC, host="exchange.example.com")
    assert not allows(PUBLIC, host="exchange.example.com.")
    assert not allows("8.8.4.4")
    assert not allows("127.0.0.1", allowed=PrivateAddresses.LOOPBACK, port=8_080)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_alone_may_be_allowed(address: str) -> None:
    assert allows(address, allowed=PrivateAddresses.LOOPBACK, port=9_999)
    assert not allows(address, allowed=PrivateAddresses.OFF, port=9_999)


def test_this_machine_allowed_is_not_our_network_nor_our_databases() -> None:
    assert not allows("10.0.0.1", allowed=PrivateAddresses.LOOPBACK)
    assert not any(
        allows("127.0.0.1", allowed=PrivateAddresses.LOOPBACK, port=port) for port in SERVICE_PORTS
    )


def test_our_network_may_be_allowed_but_never_what_tells_secrets_of_the_machine() -> None:
    assert allows("10.0.0.1", allowed=PrivateAddresses.ON)
    assert allows("fd00::1", allowed=PrivateAddresses.ON)
    assert not allows("169.254.169.254", allowed=PrivateAddresses.ON)
    assert not allows("224.0.0.1", allowed=PrivateAddresses.ON)


def test_a_refusal_names_the_hosts_that_are_allowed_and_fits_a_delivery() -> None:
    said = {allowed: refusal(allowed) for allowed in PrivateAddresses}
    assert "on a public host that" in said[PrivateAddresses.OFF]
    assert "on a public or loopback host that" in said[PrivateAddresses.LOOPBACK]
    assert "on a public, private or loopback host that" in said[PrivateAddresses.ON]
    assert len(said[PrivateAddresses.OFF]) <= 200  # of a delivery's error


def test_every_refusal_says_the_same() -> None:
    said = set()
    for url in ("ftp://x/", "http://127.1/", "http://example.com:22/"):
        with pytest.raises(BadCallbackUrl) as refused:
            parse_callback_url(url)
        said.add(str(refused.value))
    with pytest.raises(BadCallbackUrl) as refused:
        check_addresses(
            Target("http", "x.org", 80), ["10.0.0.1"], allowed=PrivateAddresses.OFF, own=OWN
        )
    assert said == {str(refused.value)}
