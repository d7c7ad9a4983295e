"""Options and help of `aitbc reporter`, `aitbc keeper`, `aitbc cashier` and `aitbc juror`."""

from __future__ import annotations

from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.duties.duty import CASHIER, JUROR, KEEPER, REPORTER, Duty
from agents_offchain.cli.options import AsJson, Home, command_group, finish

Name = Annotated[str, typer.Argument(help="Its key's name.")]
Generation = Annotated[int | None, typer.Option(min=1, help="Of the market's contracts; else the newest.")]


def duty_group(duty: Duty) -> typer.Typer:
    """`new` and `run` of one duty."""
    group = command_group(duty.name, f"A {duty.name} {duty.promise}.")

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


juror = duty_group(JUROR)


@juror.command("stake", epilog="Example:  aitbc juror stake juror-x --tickets 2")
def juror_stake(
    name: Name,
    tickets: Annotated[int, typer.Option(min=1, max=64, help="How many it shall have in all.")] = 1,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Buy tickets: each has the same chance to be drawn, and each is money at risk."""
    from agents_offchain.cli.duties.juror import run_stake
    from agents_offchain.cli.places import settings_for

    finish(run_stake(settings_for(home), Console(as_json), name, tickets))


@juror.command("leave", epilog="Example:  aitbc juror leave juror-x")
def juror_leave(name: Name, generation: Generation = None, home: Home = None, as_json: AsJson = False) -> None:
    """Go one step out: no new seats from now on; run again after the delay, the stake comes back."""
    from agents_offchain.cli.duties.juror import run_leave
    from agents_offchain.cli.places import settings_for

    finish(run_leave(settings_for(home), Console(as_json), name, generation))


@juror.command("vote", epilog="Example:  aitbc juror vote juror-x --dispute 3 --share 7500")
def juror_vote(
    name: Name,
    dispute: Annotated[str, typer.Option(help="The court's number; `1:3` is of the court of generation 1.")],
    share: Annotated[int, typer.Option(min=0, max=10_000, help="The provider's share, in 1/10,000.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Choose the vote on a dispute. It stays here, secret, until the daemon reveals it; once committed it is fixed."""
    from agents_offchain.cli.duties.juror import run_vote
    from agents_offchain.cli.places import settings_for

    finish(run_vote(settings_for(home), Console(as_json), name, dispute, share))


@juror.command("show", epilog="Example:  aitbc juror show juror-x --json")
def juror_show(
    name: Name,
    generation: Generation = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show its stake, what can be slashed of it, and its seats."""
    from agents_offchain.cli.duties.juror import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), name, generation))


GROUPS = (*(duty_group(duty) for duty in (REPORTER, KEEPER, CASHIER)), juror)
