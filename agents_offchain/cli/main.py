"""The `aitbc` command: options, help, exit codes. What the commands do is in the modules beside this one.

Imports of a command happen when it runs, so that `aitbc --help` is quick.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from agents_offchain.cli.agents.commands import agent
from agents_offchain.cli.console import Console, print_error
from agents_offchain.cli.duties import commands as duties
from agents_offchain.cli.language import commands as language_commands
from agents_offchain.cli.operate import commands, coordination_commands, market_commands
from agents_offchain.cli.options import AsJson, Home, finish
from agents_offchain.cli.payments import commands as payments
from agents_offchain.cli.pictures import commands as pictures_commands
from agents_offchain.cli.sections import Sectioned
from agents_offchain.primitives.errors import AitbcError, Refused

EPILOG = (
    "Exit codes: 0 done · 1 something is wrong · 2 refused (bad input, taken port, already running) · "
    "3 not running · 4 a part cannot start · 75 try again · 130 interrupted. "
    "Every option can be set by the environment: AITBC_HOME, AITBC_MODELS, AITBC_DATABASE_URL, AITBC_REDIS_URL, "
    "AITBC_ARTIFACTS_URL, AITBC_RPC_URL."
)
app = typer.Typer(
    name="aitbc",
    cls=Sectioned,
    help="A market where AI agents earn. This command starts, watches and stops it on one machine.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: run the command, turn errors into one sentence and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_debug = "--debug" in given or bool(os.environ.get("AITBC_DEBUG"))
    words = [word for word in given if word != "--debug"]
    if "_AITBC_COMPLETE" in os.environ:
        from agents_offchain.cli.operate.completion import enable

        enable()
    sys.exit(_run(words, is_debug=is_debug))


def _run(words: list[str], *, is_debug: bool) -> int:
    try:
        code = app(words, standalone_mode=False, prog_name="aitbc")
    except AitbcError as error:
        if is_debug:
            raise
        print_error(error, is_json="--json" in words)
        return error.exit_code
    except TyperException as error:
        return _say_misuse(error)
    except (Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return _end_of_pipe()
    except OSError as error:
        if is_debug:
            raise
        print_error(_machine_refused(error), is_json="--json" in words)
        return MachineRefused.exit_code
    except Exception as error:
        if is_debug:
            raise
        print(f"aitbc: something unexpected went wrong: {type(error).__name__}: {error}", file=sys.stderr)
        print("  -> Run the same command with --debug and report what it prints.", file=sys.stderr)
        return 1
    return int(code or 0)


class MachineRefused(Refused):
    """The operating system does not let us have a file, folder or port."""


def _machine_refused(error: OSError) -> MachineRefused:
    where = f" {error.filename}" if error.filename else ""
    return MachineRefused(
        f"The machine refused{where}: {error.strerror or error}.",
        mend="Choose a folder that you may write, and see that its disk has space.",
    )


def _say_misuse(error: TyperException) -> int:
    """Wrong options or arguments, in typer's own words."""
    show = getattr(error, "show", None)
    if show is None:
        print(f"aitbc: {error}", file=sys.stderr)
    else:
        show()
    return int(getattr(error, "exit_code", 2))


def _end_of_pipe() -> int:
    """The reader went away (`aitbc logs | head`): leave quietly, without a second error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        try:
            print(f"aitbc {version('aitbc')}")
        except PackageNotFoundError:
            print("aitbc (not installed)")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something goes wrong.")] = False,
) -> None:
    """Options of every command."""


@app.command(epilog="Examples:  aitbc up  ·  aitbc up --port 8600  ·  aitbc up --home ~/market --fresh")
def up(
    home: Home = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the page and the API. Default: any free one.")
    ] = None,
    rpc_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the local chain. Default: any free one.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the chain, the tables and the files first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the whole market on this machine and keep it up until Ctrl-C or `aitbc down`.

    Chain, files and keys stay in the home and are there at the next start.
    """
    from agents_offchain.cli.places import settings_for
    from agents_offchain.cli.stack import StackWishes
    from agents_offchain.cli.up import run_up

    finish(run_up(settings_for(home), StackWishes(port, rpc_port, fresh), Console(as_json)))


@app.command(epilog="Examples:  aitbc down  ·  aitbc down --home ~/market")
def down(home: Home = None, as_json: AsJson = False) -> None:
    """Stop everything that runs for a home. Stopping what is stopped is no error."""
    from agents_offchain.cli.down import run_down
    from agents_offchain.cli.places import settings_for

    finish(run_down(settings_for(home), Console(as_json)))


@app.command(epilog="Exit codes: 0 all fine · 1 something is wrong · 3 not running.  Example:  aitbc status --json")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """Show each process: state, block, backlog, age of its last sign of life, memory."""
    from agents_offchain.cli.places import settings_for
    from agents_offchain.cli.status import run_status

    finish(run_status(settings_for(home), Console(as_json)))


@app.command(epilog="Examples:  aitbc logs  ·  aitbc logs agent -n 100  ·  aitbc logs reporter-1 -f")
def logs(
    process: Annotated[str | None, typer.Argument(help="One process; all of them when left out.")] = None,
    home: Home = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines from the end.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines are written.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the processes of a home have logged."""
    from agents_offchain.cli.logs import run_logs
    from agents_offchain.cli.places import settings_for

    finish(run_logs(settings_for(home), Console(as_json), process, lines, is_following=follow))


@app.command(epilog="Exit codes: 0 nothing wrong · 1 something is.  Example:  aitbc doctor --json")
def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Look for what would keep the market from running, and say how to mend it."""
    from agents_offchain.cli.doctor import run_doctor
    from agents_offchain.cli.places import settings_for

    finish(run_doctor(settings_for(home), Console(as_json)))


@app.command(
    epilog="Examples:  aitbc demo  ·  aitbc demo --image photo.jpg  ·  aitbc demo --language  ·  aitbc demo --keep"
)
def demo(
    image: Annotated[Path | None, typer.Option(help="A photograph of yours (JPEG, PNG, WebP; up to 20 MiB).")] = None,
    language: Annotated[bool, typer.Option("--language", help="Have a question answered from a document.")] = False,
    document: Annotated[Path | None, typer.Option(help="A document of yours (PDF, HTML, Markdown, text).")] = None,
    scene: Annotated[bool, typer.Option("--scene", help="Have a photograph and a sensor log observed.")] = False,
    sensors: Annotated[Path | None, typer.Option(help="A sensor log of yours (aitbc.sensors/1).")] = None,
    question: Annotated[str | None, typer.Option(help="What to ask of the document or the photograph.")] = None,
    home: Annotated[Path | None, typer.Option(help="Home to use. Default: a new one, removed afterwards.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the temporary home.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have one job hired, done, checked and paid on a local chain, and print the receipt."""
    from agents_offchain.cli.demo.command import DemoWishes, run_demo

    wishes = DemoWishes(
        image=image,
        document=document,
        question=question,
        is_about_language=language,
        sensors=sensors,
        is_about_scene=scene,
        home=home,
        keeps_home=keep,
    )
    finish(run_demo(wishes, Console(as_json)))


_GROUPS = (
    *duties.GROUPS,
    *commands.GROUPS,
    *payments.GROUPS,
    *coordination_commands.GROUPS,
    *language_commands.GROUPS,
    *pictures_commands.GROUPS,
)
for group in (agent, *_GROUPS):
    app.add_typer(group)
app.command(epilog="Examples:  aitbc jobs  ·  aitbc jobs 5  ·  aitbc jobs --status completed --json")(
    market_commands.jobs
)
app.command(
    epilog="Exit codes: 0 the result is saved · 1 the job ended without one · 75 not there yet.  Examples:  "
    "aitbc hire inspect-image --file photo.jpg --max-price 2  ·  aitbc hire 3 --file photo.jpg --accept --json  ·  "
    "aitbc hire --service answer-from-documents --document terms.pdf --question 'How large is the fee?'"
)(market_commands.hire)
app.command(
    "ask-for",
    epilog="Exit codes: 0 a whole draft · 1 something is asked back.  Example:  "
    "aitbc ask-for 'have someone read the text in this photo by tomorrow for at most 2 dollars' --file photo.jpg",
)(language_commands.ask_for)
app.command(epilog="Exit codes: 0 found · 1 nothing fits.  Example:  aitbc find 'best for PDFs under 1 dollar'")(
    language_commands.find
)
app.command(
    "ask-market",
    epilog="Exit codes: 0 answered · 1 not.  Example:  "
    "aitbc ask-market 'which agent reads photos cheapest and how many jobs did it finish?'",
)(language_commands.ask_market)
app.command(epilog="Examples:  aitbc withdraw  ·  aitbc withdraw agent --dry-run --json")(market_commands.withdraw)
app.command(
    epilog="Exit codes with --once, --svg or --json: 0 all is well · 1 something is not.  "
    "Examples:  aitbc watch  ·  aitbc watch --svg watch.svg",
)(market_commands.watch)
app.command(
    epilog="Exit codes: 0 ready (with --live: its loop turns) · 1 not.  Examples:  aitbc health agent  ·  "
    "aitbc health reporter-1 --live --json",
)(market_commands.health)
app.command(
    epilog="Exit codes: 0 answered · 2 refused · 3 not up · 75 nobody answered.  "
    'Example:  aitbc ask counter count-words/1 \'{"text": "one two"}\''
)(coordination_commands.ask)
app.command(epilog="Example:  aitbc completion bash >> ~/.bashrc")(market_commands.completion)


if __name__ == "__main__":
    main()
