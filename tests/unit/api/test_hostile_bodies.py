"""Whatever a stranger writes is answered as the routes declare."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.api.signed_in import ANN, register, sign_in
from tests.unit.api.test_hostile import require_problem

pytestmark = pytest.mark.unit
WRITES = [
    "/api/v1/auth/challenge",
    "/api/v1/auth/token",
    "/api/v1/agents/register",
    f"/api/v1/agents/writer@{encode_hex(ANN)}/message",
    f"/api/v1/agents/writer@{encode_hex(ANN)}/mail/taken",
    "/api/v1/coordination/consensus",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("path", WRITES)
async def test_write__given_anything_that_its_schema_nearly_allows__is_answered_as_declared(
    world: World, path: str
) -> None:
    """Bodies are drawn from the route's own OpenAPI schema, with parts of them replaced by anything."""
    document = (await world.http.get("/api/openapi.json")).json()
    route = path.replace(f"writer@{encode_hex(ANN)}", "{agent_id}")
    declared = {int(code) for code in document["paths"][route]["post"]["responses"]} | {415}
    schema = document["paths"][route]["post"]["requestBody"]["content"]["application/json"]["schema"]
    headers = await sign_in(world)
    await register(world, headers)
    bodies: list[Any] = []

    @given(nearly(schema, document["components"]["schemas"]))
    def draw(body: Any) -> None:
        bodies.append(body)

    draw()
    object.__setattr__(world.app.state.context.door, "_quotas", Free())
    for body in bodies:
        answer = await world.http.post(path, content=json.dumps(body).encode(), headers=headers)
        assert answer.status_code in declared, (answer.status_code, answer.text, body)
        if answer.status_code >= 400:
            require_problem(answer, answer.status_code)


class Free:
    """Lets everybody ask as often as they like."""

    def take(self, _name: str) -> float:
        return 0.0


def nearly(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a JSON schema, and anything in the place of some."""
    while "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    return st.one_of(_exactly(schema, parts), _exactly(schema, parts), anything)


def _exactly(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of([nearly(part, parts) for part in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        if not fields:
            return st.dictionaries(st.text(max_size=50), anything, max_size=3)
        needed = {name: nearly(part, parts) for name, part in fields.items() if name in schema.get("required", ())}
        others = {name: nearly(part, parts) for name, part in fields.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=others)
    if kind == "array":
        return st.lists(nearly(schema.get("items", {}), parts), max_size=3)
    if kind == "string":
        return st.from_regex(schema["pattern"]) if "pattern" in schema else st.text(max_size=30)
    if kind == "integer":
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 2**31))
    if kind == "number":
        return st.floats(0, 1)
    return anything
