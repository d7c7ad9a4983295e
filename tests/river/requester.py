"""A client nobody of the product wrote: plain JSON-RPC, plain HTTP, a key of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account

from agents_offchain.chain.contract_abi import load_abi
from tests.river.stack import Stack, until

ETHER = 10**18
PICTURE = Path(__file__).parents[2] / "examples" / "photos" / "contact-sheet.jpg"
ESCROW, TOKEN, ORACLE = load_abi("JobEscrow"), load_abi("TestDollar"), load_abi("ResultOracle")


class Requester:
    """Hires, watches and accepts on a running market."""

    def __init__(self, stack: Stack) -> None:
        self._rpc = stack.endpoints["rpc"]
        self._page = stack.endpoints["page"]
        self._artifacts = stack.endpoints["artifacts"]
        self._http = httpx.Client(timeout=30, trust_env=False)
        self.account = Account.create()
        self.deployment = self.get("/api/v1/deployment")
        self.contracts: dict[str, str] = self.deployment["contracts"]
        self.policy: dict[str, Any] = self.deployment["policy"]
        self.rpc("anvil_setBalance", self.account.address, hex(10 * ETHER))

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self._http.post(self._rpc, json=body).json()
        assert "error" not in answer, answer
        return answer["result"]

    def get(self, path: str) -> Any:
        answer = self._http.get(self._page + path)
        answer.raise_for_status()
        return answer.json()

    def send(self, to: str, data: bytes, account: Any = None) -> dict[str, Any]:
        """Sign, broadcast, wait for the receipt; it must be a success."""
        account = account or self.account
        tx_hash = self.broadcast(to, data, account)
        receipt: dict[str, Any] = until(lambda: self.rpc("eth_getTransactionReceipt", tx_hash), 30)
        assert receipt["status"] == "0x1", receipt
        return receipt

    def broadcast(self, to: str, data: bytes, account: Any) -> str:
        signed = account.sign_transaction(
            {
                "type": 2,
                "chainId": 31337,
                "nonce": int(self.rpc("eth_getTransactionCount", account.address, "pending"), 16),
                "to": to,
                "value": 0,
                "data": data,
                "gas": 900_000,
                "maxFeePerGas": 10**11,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        return str(self.rpc("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex().removeprefix("0x")))

    def listing(self) -> dict[str, Any]:
        return dict(until(lambda: self.get("/api/v1/listings")["items"])[0])

    def request(self, listing: dict[str, Any], data: bytes) -> str:
        """Upload the picture and a request that names it; the request's CID."""
        stored = self._http.post(f"{self._page}/api/v1/uploads", files={"file": ("p.jpg", data, "image/jpeg")}).json()
        answer = self._http.post(f"{self._page}/api/v1/requests", json=request_document(listing, stored))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["cid"])

    def store(self, data: bytes) -> str:
        """Put bytes into the artifact store as any Kubo client would; the CID."""
        url = f"{self._artifacts}/api/v0/add?cid-version=1&raw-leaves=true&pin=true"
        answer = self._http.post(url, files={"file": ("f", data)})
        return str(json.loads(answer.text.splitlines()[-1])["Hash"])

    def hire(self, request_cid: str, provider: str = "", listing: dict[str, Any] | None = None) -> int:
        """Mint, approve and hire at the listing's price; the job's id."""
        listing = listing or self.listing()
        price = int(listing["price"])
        self.send(self.contracts["TestDollar"], TOKEN.encode_call("mint", self.account.address, price))
        self.send(self.contracts["TestDollar"], TOKEN.encode_call("approve", self.contracts["JobEscrow"], price))
        now = int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        windows = ("verdictSeconds", "reviewSeconds", "courtSeconds", "graceSeconds")
        terms = (
            provider or listing["wallet"],
            int(listing["policy_id"]),
            price,
            now + int(listing["work_seconds"]) + sum(int(self.policy[name]) for name in windows),
            int(listing["agent_id"]),
            int(listing["listing_id"]),
            "ipfs://" + request_cid,
        )
        receipt = self.send(self.contracts["JobEscrow"], ESCROW.encode_call("hire", terms))
        created = "0x" + ESCROW.topic("JobCreated").hex()
        return next(int(log["topics"][1], 16) for log in receipt["logs"] if log["topics"][0] == created)

    def accept(self, job_id: int) -> None:
        self.send(self.contracts["JobEscrow"], ESCROW.encode_call("accept", job_id))

    def job(self, job_id: int) -> dict[str, Any] | None:
        """The API's view, once it has one."""
        answer = self._http.get(f"{self._page}/api/v1/jobs/{job_id}")
        return dict(answer.json()) if answer.status_code == 200 else None

    def await_status(self, job_id: int, status: str, seconds: float = 90.0) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job is not None and job["status"] == status else None

        return dict(until(reached, seconds))

    def stages(self, job_id: int) -> list[str]:
        """What the daemons have said so far."""
        job = self.job(job_id)
        return [line["stage"] for line in job["progress"]] if job else []

    def events(self, job_id: int) -> list[str]:
        """Names of the escrow's and oracle's events of a job, from the node itself."""
        topic = "0x" + job_id.to_bytes(32, "big").hex()
        names = []
        for abi, name in ((ESCROW, "JobEscrow"), (ORACLE, "ResultOracle")):
            query = {"address": self.contracts[name], "fromBlock": "0x0", "topics": [None, topic]}
            for log in self.rpc("eth_getLogs", query):
                codec = abi.events.get(bytes.fromhex(log["topics"][0][2:]))
                names.append(codec.name if codec else "")
        return names

    def balance(self, address: str) -> int:
        data = "0x" + TOKEN.encode_call("balanceOf", address).hex()
        return int(self.rpc("eth_call", {"to": self.contracts["TestDollar"], "data": data}, "latest"), 16)

    def pass_time(self, seconds: int) -> None:
        """Move the local chain's clock ahead."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    def agent_share(self) -> int:
        """What the agent gets of a job at the listing's price."""
        price = int(self.listing()["price"])
        return price - price * int(self.policy["feeBps"]) // 10_000


def request_document(listing: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "aitbc.request/1",
        "service": listing["service_type"],
        "listing_id": int(listing["listing_id"]),
        "input": {key: stored[key] for key in ("cid", "bytes", "sha256", "media_type")},
        "settings": {},
        "criteria": {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 0.001, "text": "equal"},
        "note": "",
    }
