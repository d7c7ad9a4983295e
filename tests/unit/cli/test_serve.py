"""Each process imports what it needs and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agents_offchain.cli import serve

pytestmark = pytest.mark.unit
HEAVY = ("onnxruntime", "cv2", "rapidocr", "numpy", "torch")
MODULES = {
    "signer": ("signer", (*HEAVY, "sqlalchemy", "fastapi", "uvicorn", "httpx", "redis")),
    "artifacts": ("artifacts", (*HEAVY, "sqlalchemy", "eth_account", "redis")),
    "indexer": ("indexer", (*HEAVY, "fastapi", "uvicorn", "redis", "ipfshttpclient")),
    "language": ("language_server", (*HEAVY, "sqlalchemy", "fastapi", "uvicorn", "redis", "xllamacpp")),
    "api": ("api", (*HEAVY, "eth_account", "ipfshttpclient")),
    "agent": ("agent", (*HEAVY, "fastapi", "uvicorn", "redis")),
    "helper": ("agent", (*HEAVY, "fastapi", "uvicorn", "redis")),
    "reporter": ("oracle", (*HEAVY, "fastapi", "uvicorn")),
    "publisher": ("oracle", (*HEAVY, "fastapi", "uvicorn")),
    "juror": ("oracle", (*HEAVY, "fastapi", "uvicorn")),
    "cashier": ("cashier", (*HEAVY, "eth_account", "fastapi", "uvicorn", "redis", "ipfshttpclient")),
}


@pytest.mark.parametrize("process", sorted(MODULES))
def test_bootstrap__given_one_process__imports_nothing_of_the_others(process: str) -> None:
    module, absent = MODULES[process]
    code = (
        f"import sys, agents_offchain.cli.serve, agents_offchain.cli.bootstrap.{module}\n"
        f"print(*[name for name in {absent!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.split() == []


def test_serve__given_the_table_of_processes__knows_each() -> None:
    assert set(MODULES) == set(serve._ROLES)


def test_serve__given_an_unknown_process__exits_2() -> None:
    with pytest.raises(SystemExit) as end:
        serve.main(["nobody"])
    assert end.value.code == 2
