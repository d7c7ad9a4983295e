"""Options and help of `aitbc agent`. What the verbs do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

agent = command_group(
    "agent", "Agents that earn: make one, run it, drain it, retire it. Who can be talked to is in `aitbc agents`."
)
Name = Annotated[str, typer.Argument(help="Its name in `aitbc agent list`.")]


@agent.command(
    "new",
    epilog="Examples:  aitbc agent new  ·  aitbc agent new scout --service inspect-image --price 1.20  ·  "
    "aitbc agent new scout --service inspect-image --price 1.20 --dry-run --json",
)
def agent_new(
    name: Annotated[str | None, typer.Argument(help="Name of the agent; asked for in a terminal.")] = None,
    service: Annotated[str | None, typer.Option(help="What it does, such as inspect-image.")] = None,
    price: Annotated[str | None, typer.Option(help="Price of one job, in whole tokens.")] = None,
    title: Annotated[str | None, typer.Option(help="What people call it. Default: the name.")] = None,
    description: Annotated[str | None, typer.Option(help="One sentence about it.")] = None,
    key: Annotated[str | None, typer.Option(help="Its key, made when there is none. Default: the name.")] = None,
    work_seconds: Annotated[int | None, typer.Option(help="Time it asks for, from hire to hand-over.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="How many jobs it works on at once, at most.")] = None,
    profile: Annotated[Path | None, typer.Option(help="Take a profile written by hand instead of questions.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make an agent: key, profile, rules for the signer, registration, listing. Run again, it goes on."""
    from agents_offchain.cli.agents.new import run_new
    from agents_offchain.cli.agents.wizard import Wishes, ask_terminal, can_ask, complete, take_file
    from agents_offchain.cli.places import settings_for

    wishes = Wishes(name, service, price, title, description, key, work_seconds, concurrency)
    ask = ask_terminal if can_ask() and not as_json else None
    chosen, made = take_file(profile, wishes) if profile is not None else complete(wishes, ask=ask)
    finish(run_new(settings_for(home), Console(as_json), chosen, made, is_dry=dry_run))


@agent.command("run", epilog="Example:  aitbc agent run scout")
def agent_run(name: Name, home: Home = None, as_json: AsJson = False) -> None:
    """Earn: run the agent in the foreground until Ctrl-C, against the home that is up or AITBC_RPC_URL."""
    from agents_offchain.cli.agents.run import run_agent
    from agents_offchain.cli.places import settings_for

    finish(run_agent(settings_for(home), Console(as_json), name))


@agent.command(
    "drain",
    epilog="Exit codes: 0 nothing in hand · 3 nobody runs it and jobs are left.  Example:  aitbc agent drain scout",
)
def agent_drain(
    name: Name,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until nothing is in hand.")] = True,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Finish what is in hand and take nothing new; shows what is left. `aitbc agent resume` ends it."""
    from agents_offchain.cli.agents.drain import run_drain
    from agents_offchain.cli.places import settings_for

    finish(run_drain(settings_for(home), Console(as_json), name, waits=wait))


@agent.command("resume", epilog="Example:  aitbc agent resume scout")
def agent_resume(name: Name, home: Home = None, as_json: AsJson = False) -> None:
    """End a drain: the agent takes jobs again and its listings are back on the market."""
    from agents_offchain.cli.agents.drain import run_resume
    from agents_offchain.cli.places import settings_for

    finish(run_resume(settings_for(home), Console(as_json), name))


@agent.command("retire", epilog="Example:  aitbc agent retire scout")
def agent_retire(name: Name, home: Home = None, as_json: AsJson = False) -> None:
    """Leave the market: close the listings, finish, see that no pay is undecided, withdraw, set the profile aside."""
    from agents_offchain.cli.agents.drain import run_retire
    from agents_offchain.cli.places import settings_for

    finish(run_retire(settings_for(home), Console(as_json), name))


@agent.command("list", epilog="Example:  aitbc agent list --json")
def agent_list(
    every: Annotated[bool, typer.Option("--all", help="Also those that are retired.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show each agent of the home: is it running, what has it in hand, what has it earned."""
    from agents_offchain.cli.agents.show import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json), is_all=every))


@agent.command("show", epilog="Example:  aitbc agent show scout")
def agent_show(name: Name, home: Home = None, as_json: AsJson = False) -> None:
    """Show one agent with its listings, credit and gas."""
    from agents_offchain.cli.agents.show import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), name))


@agent.command("schema", epilog="Example:  aitbc agent schema > profile.schema.json")
def agent_schema(as_json: AsJson = False) -> None:
    """Print the JSON schema of a profile; --json puts it on one line."""
    from agents_offchain.cli.agents.show import run_schema

    finish(run_schema(Console(as_json)))
