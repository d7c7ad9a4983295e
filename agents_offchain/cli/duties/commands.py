"""Options and help of `aitbc reporter`, `aitbc keeper` and `aitbc cashier`."""

from __future__ import annotations

from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.duties.duty import CASHIER, KEEPER, REPORTER, Duty
from agents_offchain.cli.options import AsJson, Home, finish

Name = Annotated[str, typer.Argument(help="Its key's name.")]


def duty_group(duty: Duty) -> typer.Typer:
    """`new` and `run` of one duty."""
    group = typer.Typer(
        name=duty.name,
        help=f"A {duty.name} {duty.promise}.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @group.command("new", epilog=f"Example:  aitbc {duty.name} new {duty.name}-x")
    def new(name: Name, home: Home = None, as_json: AsJson = False) -> None:
        """Make the key and let the signer know what it may sign. Run again, it goes on."""
        from agents_offchain.cli.duties.verbs import run_new
        from agents_offchain.cli.places import settings_for

        finish(run_new(settings_for(home), Console(as_json), duty, name))

    @group.command("run", epilog=f"Example:  aitbc {duty.name} run {duty.name}-x")
    def run(name: Name, home: Home = None, as_json: AsJson = False) -> None:
        """Do the duty in the foreground until Ctrl-C, against the home that is up or AITBC_RPC_URL."""
        from agents_offchain.cli.duties.verbs import run_duty
        from agents_offchain.cli.places import settings_for

        finish(run_duty(settings_for(home), Console(as_json), duty, name))

    return group


GROUPS = tuple(duty_group(duty) for duty in (REPORTER, KEEPER, CASHIER))
