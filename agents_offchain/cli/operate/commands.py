"""Options and help of the operator's commands. What they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

keys = command_group("keys", "The keys of a home: what they are, what they may sign, backup, and the kill switch.")
audit = command_group("audit", "The signer's log of everything it signed and refused, chained by hashes.")
approvals = command_group("approvals", "What the signer may only sign after a person said yes.")
index = command_group("index", "The read tables: compare them with the chain, or make them again.")
dead = command_group("dead", "What could not be handled or sent: facts, jobs, transactions.")
GROUPS = (keys, audit, approvals, index, dead)

KeyName = Annotated[str | None, typer.Argument(help="One key; every key when left out.")]
Letter = Annotated[str, typer.Argument(help="Its name in `aitbc dead list`.")]
Number = Annotated[int, typer.Argument(help="Its number in `aitbc approvals list`.")]
Words = Annotated[str, typer.Option("--note", help="Why, for the record.")]


@keys.command("list", epilog="Example:  aitbc keys list --json")
def keys_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show each key: address, where it may be used, how much the policy allows it, whether it is frozen."""
    from agents_offchain.cli.operate.keys import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json)))


@keys.command("new", epilog="Examples:  aitbc keys new agent-2 --local  ·  aitbc keys new treasury-main")
def keys_new(
    name: Annotated[str, typer.Argument(help="Name by which daemons and the policy know it.")],
    local: Annotated[
        bool, typer.Option("--local", help="For the local chain alone: play money, opened quickly.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make an encrypted key. It may sign nothing until the policy says what."""
    from agents_offchain.cli.operate.keys import run_new
    from agents_offchain.cli.places import settings_for

    finish(run_new(settings_for(home), Console(as_json), name, is_development=local))


@keys.command("backup", epilog="Example:  aitbc keys backup /media/usb/aitbc-keys.json")
def keys_backup(
    file: Annotated[Path, typer.Argument(help="A new file.")], home: Home = None, as_json: AsJson = False
) -> None:
    """Write every key, still encrypted, and the policy into one file."""
    from agents_offchain.cli.operate.keys import run_backup
    from agents_offchain.cli.places import settings_for

    finish(run_backup(settings_for(home), Console(as_json), file))


@keys.command("restore", epilog="Example:  aitbc keys restore aitbc-keys.json --passphrase-file passphrase")
def keys_restore(
    file: Annotated[Path, typer.Argument(help="What `aitbc keys backup` wrote.")],
    passphrase_file: Annotated[Path | None, typer.Option(help="Its passphrase, when the home has none.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the keys of a backup into a home. Each is opened first; none is ever overwritten."""
    from agents_offchain.cli.operate.keys import run_restore
    from agents_offchain.cli.places import settings_for

    finish(run_restore(settings_for(home), Console(as_json), file, passphrase_file))


@keys.command("freeze", epilog="Examples:  aitbc keys freeze  ·  aitbc keys freeze agent --reason 'odd transfers'")
def keys_freeze(
    name: KeyName = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever is refused.")] = "no reason given",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The kill switch: from now on nothing is signed, by one key or by all. Works whether the home is up or not."""
    from agents_offchain.cli.operate.keys import run_freeze
    from agents_offchain.cli.places import settings_for

    finish(run_freeze(settings_for(home), Console(as_json), name, reason))


@keys.command("thaw", epilog="Examples:  aitbc keys thaw  ·  aitbc keys thaw agent")
def keys_thaw(name: KeyName = None, home: Home = None, as_json: AsJson = False) -> None:
    """Let a frozen key, or all of them, sign again."""
    from agents_offchain.cli.operate.keys import run_thaw
    from agents_offchain.cli.places import settings_for

    finish(run_thaw(settings_for(home), Console(as_json), name))


@audit.command("verify", epilog="Exit codes: 0 whole · 1 not.  Example:  aitbc audit verify --head 12:9f2c...")
def audit_verify(
    head: Annotated[str | None, typer.Option(help="A head that was kept elsewhere, as verify prints it.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole log and say whether a byte was changed, or a line removed, moved, added or cut off."""
    from agents_offchain.cli.operate.audit import run_verify
    from agents_offchain.cli.places import settings_for

    finish(run_verify(settings_for(home), Console(as_json), head))


@audit.command("show", epilog="Example:  aitbc audit show -n 50")
def audit_show(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines from the end.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines of the log."""
    from agents_offchain.cli.operate.audit import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), lines))


@approvals.command("list", epilog="Example:  aitbc approvals list --all")
def approvals_list(
    every: Annotated[bool, typer.Option("--all", help="Also what was decided.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits for a person."""
    from agents_offchain.cli.operate.approvals import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json), is_all=every))


@approvals.command("approve", epilog="Example:  aitbc approvals approve 3 --note 'agreed by phone'")
def approvals_approve(number: Number, note: Words = "", home: Home = None, as_json: AsJson = False) -> None:
    """Let it be signed: once, within a day, inside every limit of the policy."""
    from agents_offchain.cli.operate.approvals import run_decide
    from agents_offchain.cli.places import settings_for

    finish(run_decide(settings_for(home), Console(as_json), number, "approved", note))


@approvals.command("deny", epilog="Example:  aitbc approvals deny 3 --note 'wrong amount'")
def approvals_deny(number: Number, note: Words = "", home: Home = None, as_json: AsJson = False) -> None:
    """Refuse it for good, or until somebody approves it after all."""
    from agents_offchain.cli.operate.approvals import run_decide
    from agents_offchain.cli.places import settings_for

    finish(run_decide(settings_for(home), Console(as_json), number, "denied", note))


@index.command("verify", epilog="Exit codes: 0 equal · 1 not · 3 no node.  Example:  aitbc index verify")
def index_verify(home: Home = None, as_json: AsJson = False) -> None:
    """Fold the chain anew into a database apart, and compare every table."""
    from agents_offchain.cli.operate.index import run_verify
    from agents_offchain.cli.places import settings_for

    finish(run_verify(settings_for(home), Console(as_json)))


@index.command("rebuild", epilog="Example:  aitbc index rebuild")
def index_rebuild(home: Home = None, as_json: AsJson = False) -> None:
    """Empty the read tables and fill them from the first block; the page shows less until it is done."""
    from agents_offchain.cli.operate.index import run_rebuild
    from agents_offchain.cli.places import settings_for

    finish(run_rebuild(settings_for(home), Console(as_json)))


@dead.command("list", epilog="Example:  aitbc dead list --json")
def dead_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show every dead letter with its reason."""
    from agents_offchain.cli.operate.dead import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json)))


@dead.command("show", epilog="Example:  aitbc dead show intent:12")
def dead_show(letter: Letter, home: Home = None, as_json: AsJson = False) -> None:
    """Show all that is known of one."""
    from agents_offchain.cli.operate.dead import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), letter))


@dead.command("replay", epilog="Example:  aitbc dead replay intent:12")
def dead_replay(letter: Letter, home: Home = None, as_json: AsJson = False) -> None:
    """Hand one back to its daemon, to be tried again."""
    from agents_offchain.cli.operate.dead import run_replay
    from agents_offchain.cli.places import settings_for

    finish(run_replay(settings_for(home), Console(as_json), letter))


@dead.command("drop", epilog="Example:  aitbc dead drop intent:12 --note 'the client withdrew'")
def dead_drop(letter: Letter, note: Words = "", home: Home = None, as_json: AsJson = False) -> None:
    """Take one off the list for good; the audit log keeps that it was there."""
    from agents_offchain.cli.operate.dead import run_drop
    from agents_offchain.cli.places import settings_for

    finish(run_drop(settings_for(home), Console(as_json), letter, note))
