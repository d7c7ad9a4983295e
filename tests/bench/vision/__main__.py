"""python -m tests.bench.vision [--write]: prints its table; `--write` puts it into docs/vision.md.

Every figure is of one thread a worker. A goal that is missed is printed as MISSED; run it on a quiet machine. Overhead
is of CPU time, the step and the same session's bare call in turn, so that other work on the machine says little in it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from agents_offchain.skills.vision.image import decode_image
from tests.bench.daemons.figures import Figure, machine, percentile, table
from tests.bench.peak import peak_mib
from tests.bench.vision.steps import SHEET, Step, bare_calls, large_photograph, load, steps

REPORT = Path(__file__).parents[3] / "docs" / "vision.md"
LARGE = Path(__file__).parents[3] / ".build" / "bench-vision.jpg"
BEGIN, END = "<!-- bench-vision: written by make bench-vision WRITE=1 -->", "<!-- bench-vision: end -->"
ROUNDS = {"detect": 100, "classify": 100, "OCR": 7, "inspection with OCR": 7}
USUAL_ROUNDS = 20
GOALS_S = {"inspection without OCR": 2.0, "inspection with OCR": 5.0}
MOST_OVERHEAD = 15.0
WORKER_SECONDS = 12
MEASURED_ALONE = ("decode", "detect", "classify", "OCR", "inspection with OCR")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench-vision", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/vision.md")
    parser.add_argument("--alone", choices=MEASURED_ALONE, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return _alone(options.alone)
    if options.work:
        return _work(options.work)
    figures = [*_speeds(), *_memory(), *_workers(), _first_result()]
    shown = f"{machine()}; one thread a worker.\n\n{table(figures)}"
    sys.stdout.write(f"{shown}\n")
    if options.write:
        before, _, rest = REPORT.read_text(encoding="utf-8").partition(BEGIN)
        REPORT.write_text(f"{before}{BEGIN}\n{shown}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 1 if any(figure.is_worse_than_kept for figure in figures) else 0


def _speeds() -> list[Figure]:
    models = load()
    figures = []
    for size, data in (("1 megapixel", SHEET.read_bytes()), ("12 megapixels", large_photograph())):
        bare = bare_calls(models, decode_image(data))
        for name, step in steps(models, data).items():
            rounds = ROUNDS.get(name, USUAL_ROUNDS)
            taken, model_alone = _side_by_side(step, bare.get(name), rounds)
            middle, slow = percentile(taken.wall_s, 0.5), percentile(taken.wall_s, 0.95)
            goal = GOALS_S.get(name) if size.startswith("12") else None
            beside = f"p50 {middle:.4f} s over {rounds} runs"
            if model_alone.wall_s:
                beside += f"; the model alone {percentile(model_alone.wall_s, 0.5):.4f} s"
            figures.append(Figure(f"{name}, {size}, p95", slow, "s", goal, reference=beside))
            if model_alone.cpu_s:
                working, bare_cpu = percentile(taken.cpu_s, 0.5), percentile(model_alone.cpu_s, 0.5)
                overhead, said = (
                    100 * (working / bare_cpu - 1),
                    f"of CPU time: p50 {working:.4f} s over {bare_cpu:.4f} s",
                )
                figures.append(Figure(f"overhead of {name}, {size}", overhead, "%", MOST_OVERHEAD, reference=said))
    return figures


@dataclass(frozen=True)
class Taken:
    """What each round of a step took, in seconds by the wall's clock and of the processor."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def _side_by_side(step: Step, bare: Step | None, rounds: int) -> tuple[Taken, Taken]:
    """In turn, so that a busy second hits both; the first round of each only warms."""
    taken, alone = Taken(), Taken()
    for number in range(rounds + 1):
        for call, into in ((step, taken), (bare, alone)):
            if call is None:
                continue
            started, worked = time.perf_counter(), time.process_time()
            call()
            if number:
                into.wall_s.append(time.perf_counter() - started)
                into.cpu_s.append(time.process_time() - worked)
    return taken, alone


def _memory() -> list[Figure]:
    """The photograph is made before, in this process: making it takes more memory than looking at it."""
    LARGE.parent.mkdir(exist_ok=True)
    LARGE.write_bytes(large_photograph())
    figures = []
    for name in MEASURED_ALONE:
        peak = float(_child("--alone", name).stdout.split()[-1])
        figures.append(Figure(f"peak memory, {name}, 12 megapixels", peak, "MiB", reference="resident, own process"))
    return figures


def _workers() -> list[Figure]:
    figures = []
    for count in (1, 2):
        children = [_start("--work", str(WORKER_SECONDS)) for _ in range(count)]
        done = sum(int(child.communicate(timeout=120)[0].split()[-1]) for child in children)
        rate = done / WORKER_SECONDS
        figures.append(
            Figure(f"inspections with OCR, {count} workers", rate, "/s", is_more_better=True, reference="1 megapixel")
        )
    return figures


def _first_result() -> Figure:
    started = time.perf_counter()
    _child("--work", "0.001")
    return Figure(
        "first result after start", time.perf_counter() - started, "s", reference="interpreter, models, one inspection"
    )


def _alone(name: str) -> int:
    """In a process of its own: one step on the large photograph, then the peak of the resident memory in MiB."""
    models = load()
    steps(models, LARGE.read_bytes())[name]()
    sys.stdout.write(f"{peak_mib()}\n")
    return 0


def _work(seconds: float) -> int:
    """In a process of its own: inspections for so long, at least one; how many."""
    inspect = steps(load(), SHEET.read_bytes())["inspection with OCR"]
    if seconds > 1:
        inspect()
    done, until = 0, time.perf_counter() + seconds
    while not done or time.perf_counter() < until:
        inspect()
        done += 1
    sys.stdout.write(f"{done}\n")
    return 0


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.bench.vision", *arguments], stdout=subprocess.PIPE, text=True)


def _child(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench.vision", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120)


if __name__ == "__main__":
    sys.exit(main())
