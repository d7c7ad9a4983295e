"""What a model may do besides talking: typed, read-only, handed out by role.

A tool is a port: the runtime fills `query` tools with reads pinned to one block. Nothing in here writes, signs, pays or
reads a key, and no role can be given what is not in its list. Arithmetic is done here, exactly, never by a model.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

from agents_offchain.primitives.errors import Refused

MAX_EXPRESSION = 200
MAX_EXPONENT = 64
MAX_OUTPUT = 4_000
_SIGNS: Mapping[type[ast.AST], Callable[..., Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class ToolRefused(Refused):
    """The tool is not this role's, or its arguments are wrong; the model may be told."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that can be looked up or worked out.

    Attributes:
        schema: JSON schema of the arguments.
        call: Arguments to text; what comes back is untrusted.
        after: Given only once one of these was used; empty is always.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], str]
    after: frozenset[str] = frozenset()


ROLES: Mapping[str, frozenset[str]] = {
    "reader": frozenset({"search", "calculate"}),
    "buyer": frozenset(
        {
            "search",
            "calculate",
            "find_listings",
            "listing_terms",
            "agent_record",
            "job_status",
            "market_counts",
            "confirm_listing",
        }
    ),
    "judge": frozenset({"search"}),
}
"""Which tools a role may be given; a tool that writes is in no list."""


@dataclass(slots=True)
class Toolbox:
    """The tools of one role in one run.

    Attributes:
        refused: Names that were asked for and not given, in order; kept as evidence.
        used: Names of tools that gave something; what is given next depends on them.
    """

    role: str
    tools: Mapping[str, Tool]
    refused: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        foreign = set(self.tools) - ROLES[self.role]
        if foreign:
            raise ToolRefused(f"The role {self.role} is never given {sorted(foreign)[0]}.")

    def given(self) -> dict[str, Tool]:
        """The tools that may be used now, by role and by what was used before."""
        return {name: tool for name, tool in self.tools.items() if not tool.after or tool.after & self.used}

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Use a tool.

        Raises:
            ToolRefused: not this role's, not given yet, or not called as its schema says.
        """
        import jsonschema

        given = self.given()
        tool = given.get(name)
        if tool is None:
            self.refused.append(name[:60])
            raise ToolRefused(f"There is no tool {name[:60]!r} now. Tools: {', '.join(sorted(given))}.")
        try:
            jsonschema.validate(dict(arguments), dict(tool.schema))
        except jsonschema.ValidationError as error:
            raise ToolRefused(f"{name}: {error.message[:200]}.") from error
        told = tool.call(arguments)[:MAX_OUTPUT]
        self.used.add(name)
        return told

    def describe(self, names: Sequence[str]) -> str:
        """Tools as a model is told of them, with their arguments."""
        told = [(self.tools[name], ", ".join(sorted(self.tools[name].schema.get("properties", {})))) for name in names]
        return "\n".join(f"{tool.name}({arguments}): {tool.description}" for tool, arguments in told)


def calculator(after: frozenset[str] = frozenset()) -> Tool:
    """Exact decimal arithmetic: numbers, + - * / ** and brackets."""
    schema = {
        "type": "object",
        "required": ["expression"],
        "additionalProperties": False,
        "properties": {"expression": {"type": "string", "maxLength": MAX_EXPRESSION}},
    }

    def work_out(given: Mapping[str, Any]) -> str:
        return f"{given['expression']} = {compute(str(given['expression']))}"

    return Tool("calculate", "works out an expression", schema, work_out, after)


def compute(expression: str) -> str:
    """The value of an arithmetic expression, as text.

    Raises:
        ToolRefused: anything but numbers and signs, a division by zero, or a number too large.
    """
    try:
        with localcontext() as context:
            context.prec = 50
            value = _value(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ValueError, DivisionByZero, InvalidOperation, RecursionError, MemoryError) as error:
        raise ToolRefused("The expression cannot be worked out.") from error
    return format(value.normalize(), "f")


def _value(node: ast.AST) -> Decimal:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        return _SIGNS[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return _SIGNS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, exponent = _value(node.left), _value(node.right)
        if abs(exponent) <= MAX_EXPONENT and abs(base) < Decimal(10) ** 12:
            return base**exponent
    raise ValueError("not arithmetic")
