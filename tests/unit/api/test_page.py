"""The built page and the headers on everything."""

from __future__ import annotations

import json
import re

import pytest

from agents_offchain.api.rest.headers import page_policy
from agents_offchain.api.rest.page import inject_facts
from tests.unit.api.conftest import World
from tests.unit.indexer.fake_chain import CONTRACTS

pytestmark = pytest.mark.unit
SLOT = re.compile(r'<script type="application/json" id="deployment">(.*?)</script>', re.DOTALL)


@pytest.mark.parametrize("path", ["/", "/index.html", "/jobs/7", "/agents/0/hire", "/no/such/screen"])
async def test_page__for_any_screen__carries_the_deployment(market: World, path: str) -> None:
    response = await market.http.get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    facts = json.loads(SLOT.findall(response.text)[0])
    assert facts["contracts"] == CONTRACTS
    assert facts["token"]["decimals"] == 6


async def test_page__before_the_index_is_there__leaves_the_slot_empty(world: World) -> None:
    response = await world.http.get("/")
    assert SLOT.findall(response.text) == [""]


async def test_asset__with_a_hash_in_its_name__may_be_kept_for_good(market: World) -> None:
    response = await market.http.get("/assets/app-1a2b.js")
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/x%00.txt",
        "/etc/passwd.txt",
    ],
)
async def test_file__outside_of_the_page_or_missing__is_not_found(market: World, path: str) -> None:
    response = await market.http.get(path)
    assert response.status_code == 404
    assert "not for you" not in response.text


async def test_headers__of_the_page__let_it_talk_to_itself_and_the_node_only(market: World) -> None:
    headers = (await market.http.get("/")).headers
    policy = headers["content-security-policy"]
    assert "connect-src 'self' http://127.0.0.1:8545;" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/jobs/9", "/metrics", "/api/openapi.json"])
async def test_headers__of_the_api__allow_nothing(market: World, path: str) -> None:
    headers = (await market.http.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "\u2028", "a & b", "\\1"])
def test_facts__with_any_text__stay_inside_their_script(text: str) -> None:
    html = '<head><script type="application/json" id="deployment"> old </script></head>'
    page = inject_facts(html, {"network": text})
    (inside,) = SLOT.findall(page)
    assert json.loads(inside) == {"network": text}
    assert page.count("<script") == 1


def test_facts__for_a_page_without_a_slot__get_one() -> None:
    assert SLOT.findall(inject_facts("<head></head>", {"a": 1})) == ['{"a":1}']


@pytest.mark.parametrize(
    ("url", "node"), [("https://rpc.example/x?key=1", " https://rpc.example"), ("", ""), ("ipc:/x", "")]
)
def test_policy__names_only_the_origin_of_the_node(url: str, node: str) -> None:
    assert f"connect-src 'self'{node};" in page_policy(url)
