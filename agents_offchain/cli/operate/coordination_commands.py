"""Options and help of the commands for agents that talk and decide. What they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

agents = command_group(
    "agents",
    "Agents that can be talked to: who is there, what they can do, how they are. "
    "To make or run one of your own, see `aitbc agent`.",
)
decisions = command_group("decisions", "What agents decided together: questions, ballots, outcomes, certificates.")
api_key = command_group("api-key", "Keys of services for the HTTP API.")
GROUPS = (agents, decisions, api_key)


@agents.command("list", epilog="Example:  aitbc agents list --capability summarise --json")
def agents_list(
    capability: Annotated[str | None, typer.Option(help="Only those that can do this.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the agents on the message server of a home that is up, and those that registered by HTTP."""
    from agents_offchain.cli.operate.talk import run_agents
    from agents_offchain.cli.places import settings_for

    finish(run_agents(settings_for(home), Console(as_json), capability))


def ask(
    target: Annotated[str, typer.Argument(help="An agent's name or id, or capability:<name>.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="What is asked, such as summarise/1.")],
    body: Annotated[str, typer.Argument(help="JSON.")] = "null",
    seconds: Annotated[float, typer.Option(min=0.1, max=3_600, help="How long to wait for the answer.")] = 30.0,
    policy: Annotated[str, typer.Option(help="Who of several is asked first.")] = "two-choices",
    sealed: Annotated[bool, typer.Option("--sealed", help="Only the agent can read it.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask an agent, with the client's key of a home that is up, and print the answer."""
    from agents_offchain.cli.operate.talk import Question, run_ask
    from agents_offchain.cli.places import settings_for

    question = Question(target, kind, body, seconds, policy, sealed)
    finish(run_ask(settings_for(home), Console(as_json), question))


@decisions.command("list", epilog="Example:  aitbc decisions list --status decided --json")
def decisions_list(
    status: Annotated[str | None, typer.Option(help="Only those: open, decided, tied, failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest first.")] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show decisions with their outcome and reason."""
    from agents_offchain.cli.operate.decisions import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json), status, limit))


@decisions.command("show", epilog="Example:  aitbc decisions show 0x3b1f...")
def decisions_show(
    proposal: Annotated[str, typer.Argument(help="Its name in `aitbc decisions list`.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that is kept of one decision: question, ballots, evidence, certificate, anchor."""
    from agents_offchain.cli.operate.decisions import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), proposal))


@decisions.command("export", epilog="Example:  aitbc decisions export decisions.jsonl")
def decisions_export(
    file: Annotated[Path, typer.Argument(help="A new file; one JSON object a line.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write every closed decision with its ballots, and print the root that can be anchored on chain."""
    from agents_offchain.cli.operate.decisions import run_export
    from agents_offchain.cli.places import settings_for

    finish(run_export(settings_for(home), Console(as_json), file))


@decisions.command("anchor", epilog="Example:  aitbc decisions anchor --json")
def decisions_anchor(
    key: Annotated[str, typer.Option(help="Name of the key that pays.")] = "keeper",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the digest of every closed decision on chain now; a home that is up does it by itself within minutes."""
    from agents_offchain.cli.operate.decisions import run_anchor
    from agents_offchain.cli.places import settings_for

    finish(run_anchor(settings_for(home), Console(as_json), key))


@decisions.command("verify", epilog="Example:  aitbc decisions verify 0x3b1f...")
def decisions_verify(
    proposal: Annotated[str | None, typer.Argument(help="One decision; all when left out.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compare closed decisions with what was anchored on chain; ends with 1 when one was altered."""
    from agents_offchain.cli.operate.decisions import run_verify
    from agents_offchain.cli.places import settings_for

    finish(run_verify(settings_for(home), Console(as_json), proposal))


@api_key.command("create", epilog="Example:  aitbc api-key create monitor --scope messages:send --days 90")
def api_key_create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="agents:register, messages:send or decisions:write; repeat for several.")
    ],
    days: Annotated[int | None, typer.Option(min=1, max=3_650, help="Until it expires.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: it is shown this once, and only its hash is kept."""
    from agents_offchain.cli.operate.api_keys import run_create
    from agents_offchain.cli.places import settings_for

    finish(run_create(settings_for(home), Console(as_json), name, scope, days))


@api_key.command("rotate", epilog="Example:  aitbc api-key rotate 3f9c0a12b4d5")
def api_key_rotate(
    key_id: Annotated[str, typer.Argument(help="Its id in `aitbc api-key list`.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key in its place; the old one is good for another day."""
    from agents_offchain.cli.operate.api_keys import run_rotate
    from agents_offchain.cli.places import settings_for

    finish(run_rotate(settings_for(home), Console(as_json), key_id))


@api_key.command("revoke", epilog="Example:  aitbc api-key revoke 3f9c0a12b4d5")
def api_key_revoke(
    key_id: Annotated[str, typer.Argument(help="Its id in `aitbc api-key list`.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End a key now."""
    from agents_offchain.cli.operate.api_keys import run_revoke
    from agents_offchain.cli.places import settings_for

    finish(run_revoke(settings_for(home), Console(as_json), key_id))


@api_key.command("list", epilog="Example:  aitbc api-key list --json")
def api_key_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show every key: scopes, age, end. Never the key itself."""
    from agents_offchain.cli.operate.api_keys import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json)))
