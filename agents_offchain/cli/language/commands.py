"""Options and help of the language commands. What they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

language = command_group(
    "language", "Language models of a home: who is asked and why, what they cost, how good they were."
)
knowledge = command_group(
    "knowledge", "Documents of your own: kept by version, searched with exact citations, deleted."
)
GROUPS = (language, knowledge)
Shelf = Annotated[str, typer.Option(help="Whose documents; no shelf sees another's.")]


@language.command("models", epilog="Examples:  aitbc language models  ·  aitbc language models --task translate")
def models(
    task: Annotated[
        str, typer.Option(help="answer, summarise, extract, classify, translate, judge, draft-job or reason.")
    ] = "answer",
    characters: Annotated[int, typer.Option(min=1, help="How long the question with its data is.")] = 3_000,
    private: Annotated[bool, typer.Option("--private", help="The data may not leave this machine.")] = False,
    max_usd: Annotated[str | None, typer.Option(help="The most one call may cost.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show which model the router would ask for a task, and what stands against each other one."""
    from agents_offchain.cli.language.models import run_models
    from agents_offchain.cli.places import settings_for

    finish(run_models(settings_for(home), Console(as_json), task, characters, max_usd, is_private=private))


@language.command(
    "spending",
    epilog="Exit codes: 0 within the budgets · 1 an alert.  Example:  aitbc language spending --json",
)
def spending(
    days: Annotated[int, typer.Option(min=1, max=3_660, help="How many days back, today included.")] = 7,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what models cost, by day, agent, job and model, to the token; alerts when a budget is nearly used."""
    from agents_offchain.cli.language.spending import run_spending
    from agents_offchain.cli.places import settings_for

    finish(run_spending(settings_for(home), Console(as_json), days))


@language.command(
    "forecast",
    epilog="Exit codes: 0 can be done · 2 not.  Example:  aitbc language forecast judge --file a.txt",
)
def forecast(
    service: Annotated[str, typer.Argument(help="A language service, such as answer-from-documents.")],
    file: Annotated[Path, typer.Option(help="The document.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say what a job would cost this home's models at most, before it is taken; the agent asks the same."""
    from agents_offchain.cli.language.forecast import run_forecast
    from agents_offchain.cli.places import settings_for

    finish(run_forecast(settings_for(home), Console(as_json), service, file))


@language.command("rate", epilog="Examples:  aitbc language rate 5 1  ·  aitbc language rate 5 0.25")
def rate(
    job: Annotated[str, typer.Argument(help="The job's number; of an older generation 1:7.")],
    quality: Annotated[float, typer.Argument(min=0, max=1, help="How good its result was: 0 is useless, 1 is right.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say how good a job's result was; the models and prompts that made it are chosen by it from then on."""
    from agents_offchain.cli.language.lessons import run_rate
    from agents_offchain.cli.places import settings_for

    finish(run_rate(settings_for(home), Console(as_json), job, quality))


@language.command("prompts", epilog="Example:  aitbc language prompts --json")
def prompts(home: Home = None, as_json: AsJson = False) -> None:
    """Show each prompt's versions, which are on trial, and how good the outcomes with each were."""
    from agents_offchain.cli.language.lessons import run_prompts
    from agents_offchain.cli.places import settings_for

    finish(run_prompts(settings_for(home), Console(as_json)))


@language.command("forget", epilog="Example:  aitbc language forget")
def forget(home: Home = None, as_json: AsJson = False) -> None:
    """Drop every kept answer; budgets and lessons stay."""
    from agents_offchain.cli.language.lessons import run_forget
    from agents_offchain.cli.places import settings_for

    finish(run_forget(settings_for(home), Console(as_json)))


@language.command("talk", epilog="Examples:  aitbc language talk  ·  aitbc language talk 'which budget?'")
def talk(
    question: Annotated[str, typer.Argument(help="Show the turns that fit it; none shows all.")] = "",
    forget: Annotated[bool, typer.Option("--forget", help="Drop everything this user said.")] = False,
    user: Annotated[str, typer.Option(help="Whose.")] = "me",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the conversation behind the open draft of `aitbc ask-for`, find a turn in it again, or forget it."""
    from agents_offchain.cli.language.talk import run_talk
    from agents_offchain.cli.places import settings_for

    finish(run_talk(settings_for(home), Console(as_json), user, question, forgets=forget))


@knowledge.command("add", epilog="Example:  aitbc knowledge add terms.pdf handbook.md --shelf legal")
def knowledge_add(
    files: Annotated[list[Path], typer.Argument(help="PDF, HTML, Markdown or text.")],
    shelf: Shelf = "default",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put documents on a shelf; a changed one becomes a new version, an unchanged one stays."""
    from agents_offchain.cli.language.knowledge import run_add
    from agents_offchain.cli.places import settings_for

    finish(run_add(settings_for(home), Console(as_json), files, shelf))


@knowledge.command("list", epilog="Example:  aitbc knowledge list --all")
def knowledge_list(
    shelf: Shelf = "default",
    every: Annotated[bool, typer.Option("--all", help="Also older versions.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what stands on a shelf."""
    from agents_offchain.cli.language.knowledge import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json), shelf, every_version=every))


@knowledge.command("remove", epilog="Example:  aitbc knowledge remove terms.pdf")
def knowledge_remove(
    name: Annotated[str, typer.Argument(help="Its name in `aitbc knowledge list`.")],
    shelf: Shelf = "default",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Delete a document with every version and passage."""
    from agents_offchain.cli.language.knowledge import run_remove
    from agents_offchain.cli.places import settings_for

    finish(run_remove(settings_for(home), Console(as_json), name, shelf))


@knowledge.command("search", epilog="Example:  aitbc knowledge search 'How large is the fee?' --json")
def knowledge_search(
    question: Annotated[str, typer.Argument(help="In your words.")],
    shelf: Shelf = "default",
    count: Annotated[int, typer.Option(min=1, max=50, help="At most so many passages.")] = 5,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages that fit a question, each with document, version, page and exact place."""
    from agents_offchain.cli.language.knowledge import run_search
    from agents_offchain.cli.places import settings_for

    finish(run_search(settings_for(home), Console(as_json), question, shelf, count))


def ask_for(
    wish: Annotated[str, typer.Argument(help="What you want, in a sentence: what, for how much, until when.")],
    file: Annotated[Path | None, typer.Option(help="What shall be worked on.")] = None,
    service: Annotated[str | None, typer.Option(help="The service that is meant, when it was misunderstood.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, when something was asked back; repeatable.")
    ] = None,
    hire: Annotated[bool, typer.Option("--hire", help="Go on and hire when nothing is missing.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="With --hire: pay as soon as the result is there.")] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="The sentence belongs to the draft that is open.")] = False,
    user: Annotated[str, typer.Option(help="Whose draft; nobody sees another's.")] = "me",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a job draft of a sentence, with --go-on of several: what was understood and what is missing."""
    from agents_offchain.cli.language.wish import WishWords, run_ask_for
    from agents_offchain.cli.places import settings_for

    said = WishWords(wish, file, service, tuple(setting or ()), hire, accept, go_on, user)
    finish(run_ask_for(settings_for(home), Console(as_json), said))


def find(
    question: Annotated[str, typer.Argument(help="Such as 'the cheapest that reads text in photos under 2 dollars'.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask the market in words: which offers fit, cheapest first unless you ask for the best or the fastest."""
    from agents_offchain.cli.language.wish import run_find
    from agents_offchain.cli.places import settings_for

    finish(run_find(settings_for(home), Console(as_json), question))


def ask_market(
    question: Annotated[
        str, typer.Argument(help="Such as 'who reads photos cheapest and how many jobs did it finish?'")
    ] = "",
    votes: Annotated[
        int, typer.Option(min=1, max=9, help="How often a model is asked; more than half have to agree.")
    ] = 1,
    steps: Annotated[int, typer.Option(min=1, max=20, help="At most so many look-ups.")] = 6,
    seconds: Annotated[float, typer.Option(min=1, help="At most so long.")] = 60.0,
    max_usd: Annotated[str | None, typer.Option(help="The most models may cost for this question.")] = None,
    shelf: Shelf = "default",
    replay: Annotated[str | None, typer.Option(help="Run a kept trace again, from what was looked up then.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask a question about the market; it is answered by looking things up at one block, and the evidence is kept."""
    from agents_offchain.cli.language.ask_market import AskedMarket, run_ask_market, run_replay
    from agents_offchain.cli.language.models import read_usd
    from agents_offchain.cli.places import settings_for

    if replay is not None:
        finish(run_replay(settings_for(home), Console(as_json), replay))
    asked = AskedMarket(question, shelf, votes, steps, seconds, read_usd(max_usd))
    finish(run_ask_market(settings_for(home), Console(as_json), asked))
