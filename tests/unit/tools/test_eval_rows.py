"""Rows of the language evaluation: what was measured before a kill is not measured again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tools.eval_language.rows import Bench

pytestmark = pytest.mark.unit


def test_measure__after_a_kill__goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, calls = tmp_path / "rows.jsonl", []

    def check() -> bool:
        calls.append(1)
        return True

    def bench() -> Bench:
        return Bench(cast(Any, None), kept)

    bench().measure("m", "a task", [check, check])
    kept.write_text(kept.read_text() + '{"model": "m", "task": "cut o')
    again = bench()
    again.measure("m", "a task", [check, check])
    assert (len(calls), again.rows[0].right) == (2, 2)
    again.measure("m", "a task", [check, check, check])
    bench().measure("m", "a task", [check, check, check])
    assert len(calls) == 5, "another number of items is another measurement, kept as well"
    assert capsys.readouterr().out.count("a task") == 4
