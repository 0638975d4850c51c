"""What of a page is the reader's own: the theme, and what a shared link shows elsewhere."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from news.models import Article
from tests.floor.hall import Hall


@pytest.mark.parametrize("path", ["/", "/markets", "/replay", "/nowhere"])
def test_a_page_that_is_made_once_is_sent_in_each_readers_theme(
    hall: Hall, client: Client, path: str
) -> None:
    accept = {"accept": "text/html"}
    usual = client.get(path, headers=accept)
    assert b'data-theme="dark"' in usual.content
    chosen = client.get("/theme/light", headers={"Referer": f"http://testserver{path}"})
    assert chosen["Location"] == f"http://testserver{path}"
    cookie = chosen.cookies["theme"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    light = client.get(path, headers=accept)
    assert b'data-theme="light"' in light.content
    assert usual.content == light.content.replace(b'data-theme="light"', b'data-theme="dark"')
    assert usual.get("ETag") is None or usual["ETag"] != light["ETag"]


def test_an_unknown_theme_is_none_and_nobody_is_led_astray(hall: Hall, client: Client) -> None:
    assert client.get("/theme/pink").status_code == 404
    strange = client.get("/theme/light", headers={"Referer": "https://elsewhere.example/"})
    assert strange["Location"] == "/"
    client.cookies["theme"] = '"><script>'
    assert b'data-theme="dark"' in client.get("/markets").content


def test_a_shared_link_has_a_title_and_a_picture_of_its_own(hall: Hall, client: Client) -> None:
    for _ in range(6):
        hall.tick("ann BUY 100 MARKET")
    host = "http://testserver"
    shared = {"/": "/picture.png", "/markets/APEX": "/markets/APEX/picture.png"}
    for path, picture in shared.items():
        page = client.get(path).content.decode()
        assert f'<meta property="og:image" content="{host}{picture}">' in page
        answer = client.get(picture)
        assert answer["Content-Type"] == "image/png"
        assert Image.open(BytesIO(answer.content)).size == (1200, 630)
        assert len(answer.content) < 50_000
    page = client.get("/markets/APEX").content.decode()
    assert '<meta property="og:title" content="APEX ' in page
    assert client.get("/markets/NOPE/picture.png").status_code == 404


def test_what_an_agent_wrote_fills_no_place_of_the_page(hall: Hall, client: Client) -> None:
    hall.submit(hall.raw("ann", "RUMOR", {"symbol": "APEX", "content": "@origin@ @theme@ <b>x"}))
    hall.tick()
    article = Article.objects.get(quote__contains="@theme@")
    page = client.get(f"/news/{article.id}").content.decode()
    assert '<html lang="en" data-theme="dark">' in page
    assert "@theme@ &lt;b&gt;x" in page
