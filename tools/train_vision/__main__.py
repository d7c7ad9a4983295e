"""python -m tools.train_vision [--data FOLDER | --pictures FOLDER] [--epochs N] [--seed N] [--out FOLDER]

Trains, exports, measures the exported file on pictures that it has not seen, writes `own-classes.onnx` and
`own-classes.md`, and prints the accuracy with its interval. Exit code 2: the data are missing or too few.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from tests.evaluation.intervals import wilson
from tools.train_vision.data import Data, DataMissing, read_fashion, read_folder
from tools.train_vision.network import as_input, make_network, settle, to_onnx, train

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
NAME = "own-classes"


def main() -> int:
    parser = argparse.ArgumentParser(prog="train-vision", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEBIAN_FOLDER, help="folder of Fashion-MNIST's files")
    parser.add_argument("--pictures", type=Path, help="a folder of your own: one subfolder of pictures a class")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="threads of the processor (default 2)")
    parser.add_argument("--out", type=Path, default=Path(".build/training"))
    options = parser.parse_args()
    try:
        data = read_folder(options.pictures, options.seed) if options.pictures else read_fashion(options.data)
    except DataMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    network = make_network(len(data.classes)).to(device)
    started = time.perf_counter()
    for number, loss in enumerate(train(network, data.train, options.epochs, options.seed, device), start=1):
        sys.stdout.write(f"epoch {number} of {options.epochs}: loss {loss:.4f}\n")
        sys.stdout.flush()
    settle(network, data.train, device)
    seconds = time.perf_counter() - started
    content = to_onnx(network, NAME)
    guesses, gap = _measure(content, network, data, device)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{NAME}.onnx").write_bytes(content)
    card = _card(data, guesses, content, options.epochs, options.seed, f"{device}, PyTorch {torch.__version__}")
    (options.out / f"{NAME}.md").write_text(card, encoding="utf-8")
    sys.stdout.write(f"{card}\nTrained in {seconds:.0f} s on {device}; ONNX and PyTorch differ by at most {gap:.1e}.\n")
    sys.stdout.write(f"Written: {options.out / NAME}.onnx and .md\n")
    return 0


def _measure(content: bytes, network: torch.nn.Module, data: Data, device: str) -> tuple[np.ndarray, float]:
    """The exported file's guesses on the test pictures, and how far its logits are from PyTorch's."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    pictures = as_input(data.test)
    logits = np.concatenate([session.run(["logits"], {"pictures": part.numpy()})[0] for part in pictures.split(500)])
    with torch.no_grad():
        expected = torch.cat([network(part.to(device)).cpu() for part in pictures.split(500)]).numpy()
    return logits.argmax(axis=1), float(np.abs(logits - expected).max())


def _card(data: Data, guesses: np.ndarray, content: bytes, epochs: int, seed: int, made_with: str) -> str:
    truth = data.test.labels
    right, total = int((guesses == truth).sum()), len(truth)
    low, high = wilson(right, total)
    rows = []
    for number, name in enumerate(data.classes):
        of_class = truth == number
        found, count = int((guesses[of_class] == number).sum()), int(of_class.sum())
        least, most = wilson(found, count)
        rows.append(f"| {name} | {found / max(count, 1):.3f} [{least:.3f}, {most:.3f}] | {count} |")
    return "\n".join(
        [
            f"# {NAME}: {len(data.classes)} classes of {data.name}",
            "",
            f"Accuracy {right / total:.4f} [{low:.4f}, {high:.4f}] on {total:,} pictures that it has not seen "
            "(95 %, Wilson).",
            "",
            "| class | recall | pictures |",
            "|---|---|---|",
            *rows,
            "",
            f"- File: `{NAME}.onnx`, {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}.",
            "- Input `pictures`: float32 (n, 1, 28, 28), grey / 127.5 - 1. Output `logits`: (n, classes).",
            f"- Made from {len(data.train.labels):,} pictures (sha256 of all pictures and labels {data.digest}), "
            f"{epochs} epochs, seed {seed}, mirrored and shifted by up to 2 pixels; {made_with}.",
            "- Says nothing about pictures of another kind: everything is given one of these classes.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
