"""Options and help of the commands that use the market: hire, jobs, withdraw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, finish


def hire(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[LISTING]", help="A listing's number, or a service: the cheapest.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="The same as a service in place of LISTING.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "--document", help="The input, such as a photograph or a PDF.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="For answer-from-documents: what you want to know.")] = None,
    sentences: Annotated[int | None, typer.Option(help="For summarise: how many, 1 to 8.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(help="For extract-fields: 'total_due (amount): what has to be paid'; repeatable."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="For classify: 'invoice: asks for money'; repeatable.")
    ] = None,
    into: Annotated[str | None, typer.Option(help="For translate: the language, such as German.")] = None,
    point: Annotated[list[str] | None, typer.Option(help="For judge: one point of the rubric; repeatable.")] = None,
    text: Annotated[str | None, typer.Option(help="The input as words.")] = None,
    attach: Annotated[list[Path] | None, typer.Option(help="One more file; may be repeated.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE for the service, such as question='Who pays?'; repeatable."),
    ] = None,
    note: Annotated[str, typer.Option(help="What you want done, in a sentence.")] = "",
    max_price: Annotated[str | None, typer.Option(help="The most it may cost, in whole tokens.")] = None,
    key: Annotated[str, typer.Option(help="The key that pays.")] = "client",
    request_id: Annotated[
        str | None, typer.Option(help="Go on with this request: it is paid once. Default: a new one, printed first.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result. Default: a job's own in <home>/results.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until the result is there.")] = True,
    accept: Annotated[bool, typer.Option("--accept", help="Pay as soon as the result is there.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the result.")] = 600.0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hire an agent: the pay is locked, the result is checked against the chain and saved, a receipt is printed."""
    from agents_offchain.cli.hire.command import HireWishes, run_hire
    from agents_offchain.cli.hire.told import Told, require_wanted
    from agents_offchain.cli.places import settings_for

    told = Told(question, sentences, tuple(field or ()), tuple(label or ()), into, tuple(point or ()))
    more, words = tuple(attach or ()), (*(setting or ()), *told.words())
    wanted = require_wanted(wanted, service)
    wishes = HireWishes(wanted, file, text, more, words, note, max_price, key, request_id, out, wait, accept, timeout)
    finish(run_hire(settings_for(home), wishes, Console(as_json)))


def jobs(
    called: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="One job, with its story; of an older generation 1:7.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those: open, funded, submitted, completed, rejected, expired.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also jobs of others on this market.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest first.")] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the jobs of this home's keys, with earnings and cost; or one job from hire to pay."""
    from agents_offchain.cli.operate.jobs import run_jobs
    from agents_offchain.cli.operate.story import run_story
    from agents_offchain.cli.places import settings_for

    if called is not None:
        finish(run_story(settings_for(home), Console(as_json), called))
    finish(run_jobs(settings_for(home), Console(as_json), status=status, is_all=every, limit=limit))


def withdraw(
    key: Annotated[str | None, typer.Argument(help="One key; every key when left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due, and fetch nothing.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what the escrow owes this home's keys."""
    from agents_offchain.cli.operate.withdraw import run_withdraw
    from agents_offchain.cli.places import settings_for

    finish(run_withdraw(settings_for(home), Console(as_json), key, is_dry=dry_run))


def watch(
    seconds: Annotated[float, typer.Option("--seconds", "-n", min=0.2, help="Between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Draw it once, here.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Draw it once, as a picture into this file.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """A full screen of processes, agents, jobs and earnings, live until `q`."""
    from agents_offchain.cli.places import settings_for
    from agents_offchain.cli.watch.command import run_watch

    finish(run_watch(settings_for(home), Console(as_json), seconds=seconds, once=once, svg=svg))


def health(
    daemon: Annotated[str, typer.Argument(help="Its name in `aitbc status`, such as agent or reporter-1.")],
    live: Annotated[bool, typer.Option("--live", help="Only: does its loop turn?")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """A probe: is a daemon ready (or live)? Reads one file, so that it answers also when the database does not."""
    from agents_offchain.cli.operate.health import run_health
    from agents_offchain.cli.places import settings_for

    finish(run_health(settings_for(home), Console(as_json), daemon, is_live_only=live))


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print the shell's completion script; it asks `aitbc` itself for names."""
    from agents_offchain.cli.operate.completion import run_completion

    finish(run_completion(shell))
