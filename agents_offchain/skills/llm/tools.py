"""What a model may do besides talking: typed, read-only, handed out by role.

A tool is a port: the runtime fills `query` tools with reads pinned to one block. Nothing in here writes, signs, pays or
reads a key, and no role can be given what is not in its list. Arithmetic is done here, exactly, never by a model.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
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
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], str]


ROLES: Mapping[str, frozenset[str]] = {
    "reader": frozenset({"search", "calculate"}),
    "buyer": frozenset({"search", "calculate", "find_listings", "job_status"}),
    "judge": frozenset({"search"}),
}
"""Which tools a role may be given; a tool that writes is in no list."""


@dataclass(slots=True)
class Toolbox:
    """The tools of one role in one run.

    Attributes:
        refused: Names that were asked for and not given, in order; kept as evidence.
    """

    role: str
    tools: Mapping[str, Tool]
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        foreign = set(self.tools) - ROLES[self.role]
        if foreign:
            raise ToolRefused(f"The role {self.role} is never given {sorted(foreign)[0]}.")

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Use a tool.

        Raises:
            ToolRefused: not this role's, or not called as its schema says.
        """
        import jsonschema

        tool = self.tools.get(name)
        if tool is None:
            self.refused.append(name[:60])
            raise ToolRefused(f"There is no tool {name[:60]!r}. Tools: {', '.join(sorted(self.tools))}.")
        try:
            jsonschema.validate(dict(arguments), dict(tool.schema))
        except jsonschema.ValidationError as error:
            raise ToolRefused(f"{name}: {error.message[:200]}.") from error
        return tool.call(arguments)[:MAX_OUTPUT]

    def describe(self) -> str:
        """The tools as the model is told of them."""
        return "\n".join(f"{tool.name}: {tool.description}" for tool in self.tools.values())


def calculator() -> Tool:
    """Exact decimal arithmetic: numbers, + - * / ** and brackets."""
    schema = {
        "type": "object",
        "required": ["expression"],
        "additionalProperties": False,
        "properties": {"expression": {"type": "string", "maxLength": MAX_EXPRESSION}},
    }
    return Tool("calculate", "works out an expression", schema, lambda given: compute(str(given["expression"])))


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
