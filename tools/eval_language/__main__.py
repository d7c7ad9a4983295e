"""Run: ``python -m tools.eval_language [--models NAME ...] [--items N] [--json FILE] [--resume FILE]``.

Without names: what needs no language model (`quotations`, with MiniLM). `--models local` adds the small local model;
other names are entries of the catalogue (AITBC_LANGUAGE, AITBC_LANGUAGE_MODEL). `--items` bounds the questions put to a
model in each row. Figures of different models are never mixed; intervals are Wilson's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.catalogue import Catalogue, default_catalogue, load_catalogue
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.remote import RemoteModel
from tools.eval_language.models import Examination
from tools.eval_language.quotations import measure_quotations
from tools.eval_language.rows import HEAD, ROOT, Bench


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the language skills.")
    parser.add_argument("--models", nargs="*", default=[], help="names of the catalogue, such as local")
    parser.add_argument("--items", type=int, default=12, help="questions put to a model in each row")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    parser.add_argument(
        "--resume", type=Path, help="keep rows there as they are measured, and skip those that stand there"
    )
    options = parser.parse_args(arguments)
    models_dir = Path(os.environ.get("AITBC_MODELS") or ROOT / "models")
    catalogue = _catalogue()
    entries = {entry.name: entry for entry in catalogue.models}
    unknown = [name for name in options.models if name not in entries]
    if unknown:
        print(f"There is no model {unknown[0]!r}; known: {', '.join(entries)}.", file=sys.stderr)
        return 2
    bench = Bench(MiniLm.load(models_dir), options.resume)
    print(HEAD)
    measure_quotations(bench)
    for name in options.models:
        entry = entries[name]
        provider = LocalModel(models_dir) if entry.kind == "local" else RemoteModel(entry)
        Examination(bench, entry, provider, options.items).run()
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in bench.rows], indent=1))
    return 0


def _catalogue() -> Catalogue:
    file = os.environ.get("AITBC_LANGUAGE")
    base = os.environ.get("AITBC_LANGUAGE_API_BASE", "")
    return load_catalogue(Path(file)) if file else default_catalogue(os.environ.get("AITBC_LANGUAGE_MODEL", ""), base)


if __name__ == "__main__":
    sys.exit(main())
