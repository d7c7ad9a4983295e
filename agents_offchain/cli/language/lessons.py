"""`aitbc language rate`, `prompts`, `forget`: what outcomes taught, and what is thrown away."""

from __future__ import annotations

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.cli.bootstrap.language import language_folder, read_catalogue, read_experience
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import HomeEmpty, show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.models_at_hand import ANSWERS, LESSONS
from agents_offchain.skills.llm.prompts.experiment import wilson
from agents_offchain.skills.llm.prompts.prompt import list_prompts
from agents_offchain.storage.answers import AnswerBook
from agents_offchain.storage.lessons import LessonBook

PERSON = "person"
"""Source of a rating that somebody typed."""


def run_rate(settings: Settings, console: Console, job: str, quality: float) -> int:
    """Keep a person's rating; a second one of the same job replaces it.

    Raises:
        HomeEmpty: no model was ever asked for that job here, and no wish was hired by it.
    """
    file = language_folder(settings) / LESSONS
    deployment = load_deployment(settings.deployment_file)
    name = deployment.job_called(job)
    if name is None:
        raise HomeEmpty(f"{job[:40]!r} names no job.", mend="A job is a number, of an older generation `1:7`.")
    key = deployment.of_generation(name.generation).job_key(name.job_id)
    if not file.exists() or not LessonBook(file, SystemClock()).rate(key, PERSON, quality):
        raise HomeEmpty(
            f"No model of this home was asked for job {job}, and no wish was hired by it.",
            mend="See `aitbc language spending` and `aitbc jobs`.",
        )
    console.document({"job": job, "quality": quality})
    console.line(f"Job {job} is rated {quality:g}; routing, prompts and examples follow it.")
    return 0


def run_prompts(settings: Settings, console: Console) -> int:
    trials, outcomes = read_catalogue(settings).prompts, read_experience(settings).prompts()
    told = []
    for prompt in list_prompts():
        total, count = outcomes.get(prompt.id, (0.0, 0.0))
        low, high = wilson(total, count)
        told.append(
            {
                "prompt": prompt.name,
                "version": prompt.version,
                "is_on_trial": prompt.version in trials.get(prompt.name, ()),
                "rated": int(count),
                "good": round(total / count, 3) if count else None,
                "interval": [round(low, 3), round(high, 3)] if count else None,
                "change": prompt.changelog[-1].change,
            }
        )
    console.document({"prompts": told})
    rows = [
        (
            f"{one['prompt']}/{one['version']}",
            "yes" if one["is_on_trial"] else "",
            one["rated"] or "",
            "" if one["good"] is None else f"{one['good']:.2f} {one['interval']}",
            one["change"],
        )
        for one in told
    ]
    show_table(console, ("prompt", "on trial", "rated", "good, 95 % interval", "what it changed"), rows, empty="")
    return 0


def run_forget(settings: Settings, console: Console) -> int:
    file = language_folder(settings) / ANSWERS
    count = AnswerBook(file, SystemClock()).forget() if file.exists() else 0
    console.document({"forgotten": count})
    console.line(f"{count} kept answers are gone.")
    return 0
