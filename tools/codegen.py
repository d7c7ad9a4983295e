"""Writes `agents_offchain/chain/abi/<Contract>.json` from what forge compiled.

In: `out/<File>.sol/<Contract>.json` of every deployable contract (run `forge build` first).
Out: one file a contract with `contractName`, `abi`, `bytecode`, `deployedBytecode`; sorted and line-stable, so
that the same sources give the same bytes. With `--check` nothing is written: any difference ends with exit code 1
and the command that mends it. Python, TypeScript and the deployment read these files; nobody edits them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

REPO_ROOT = Path(__file__).resolve().parents[1]
ABI_ROOT = REPO_ROOT / "agents_offchain" / "chain" / "abi"
MEND = "run 'make codegen' and commit the result"


class Source(NamedTuple):
    """Where a contract is compiled from, and whether its bytecode is published (interfaces have none)."""

    path: str
    contract: str
    has_code: bool = True


SOURCES = (
    Source("contracts/identity/AgentRegistry.sol", "AgentRegistry"),
    Source("contracts/market/JobEscrow.sol", "JobEscrow"),
    Source("contracts/market/MarketDeployer.sol", "MarketDeployer"),
    Source("contracts/market/ServiceListings.sol", "ServiceListings"),
    Source("contracts/court/DeskInstaller.sol", "DeskInstaller"),
    Source("contracts/court/DisputeDesk.sol", "DisputeDesk"),
    Source("contracts/court/JurorCourt.sol", "JurorCourt"),
    Source("contracts/mocks/TestDollar.sol", "TestDollar"),
    Source("contracts/oracle/ReportFeed.sol", "ReportFeed"),
    Source("contracts/oracle/ResultOracle.sol", "ResultOracle"),
    Source("contracts/oracle/stake/ReporterStake.sol", "ReporterStake"),
    Source("contracts/oracle/stake/ReporterStakeFactory.sol", "ReporterStakeFactory"),
    Source("contracts/governance/AitbcGovernor.sol", "AitbcGovernor"),
    Source("contracts/governance/AitbcToken.sol", "AitbcToken"),
    Source("contracts/governance/DecisionLedger.sol", "DecisionLedger"),
    Source("contracts/governance/MerkleClaim.sol", "MerkleClaim"),
    Source("contracts/market/PaymentChannels.sol", "PaymentChannels"),
    Source("contracts/market/RevenueSplitter.sol", "RevenueSplitter"),
    Source("contracts/mocks/TokenFaucet.sol", "TokenFaucet"),
    Source("contracts/desks/CoinDesk.sol", "CoinDesk"),
    Source("contracts/desks/ExitDesk.sol", "ExitDesk"),
    Source("contracts/desks/ListingDesk.sol", "ListingDesk"),
    Source("contracts/desks/MilestoneDesk.sol", "MilestoneDesk"),
    Source("contracts/desks/QuoteDesk.sol", "QuoteDesk"),
    Source("contracts/desks/TenderDesk.sol", "TenderDesk"),
    Source("contracts/desks/WorkDesk.sol", "WorkDesk"),
    Source("contracts/mocks/WrappedCoin.sol", "WrappedCoin"),
    Source("contracts/reputation/ReputationRegistry.sol", "ReputationRegistry"),
    Source("contracts/reputation/ValidationRegistry.sol", "ValidationRegistry"),
    Source("@openzeppelin/contracts/governance/TimelockController.sol", "TimelockController"),
)


class CodegenError(Exception):
    """The compiler's output is missing or not what this repository pins."""


def abi_key(entry: dict[str, Any]) -> tuple[str, str, str]:
    """Order of ABI entries: kind, name, then argument types."""
    types = ",".join(str(argument["type"]) for argument in entry.get("inputs", ()))
    return str(entry["type"]), str(entry.get("name", "")), types


def rendered(source: Source, artifact: dict[str, Any]) -> str:
    """The text of one ABI file.

    Raises:
        CodegenError: the bytecode has unlinked libraries or carries a metadata hash.
    """
    body: dict[str, Any] = {
        "contractName": source.contract,
        "abi": sorted(artifact["abi"], key=abi_key),
    }
    for field in ("bytecode", "deployedBytecode"):
        code = artifact[field]
        if code.get("linkReferences"):
            raise CodegenError(f"{source.contract} has unlinked libraries")
        if "a264697066735822" in code["object"][-110:]:
            raise CodegenError(f"{source.contract} carries a metadata hash: set bytecode_hash to none")
        body[field] = code["object"]
    return json.dumps(body, indent=1, sort_keys=False) + "\n"


def load_artifact(out_dir: Path, source: Source) -> dict[str, Any]:
    """Reads what forge wrote for one contract.

    Raises:
        CodegenError: forge has not compiled it.
    """
    path = out_dir / Path(source.path).name / f"{source.contract}.json"
    if not path.is_file():
        raise CodegenError(f"{path} is missing: run 'forge build' first")
    artifact: dict[str, Any] = json.loads(path.read_text())
    return artifact


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks every file. Returns the exit code: 0 fine, 1 drift or missing output."""
    parser = argparse.ArgumentParser(description="Writes the committed ABI files from forge's output.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on any difference")
    parser.add_argument("--out", type=Path, default=REPO_ROOT / "out", help="forge's output folder")
    options = parser.parse_args(arguments)
    expected: dict[str, str] = {}
    try:
        for source in SOURCES:
            expected[f"{source.contract}.json"] = rendered(source, load_artifact(options.out, source))
    except CodegenError as error:
        print(f"codegen: {error}", file=sys.stderr)
        return 1
    found = {path.name: path.read_text() for path in ABI_ROOT.glob("*.json")} if ABI_ROOT.is_dir() else {}
    drift = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if options.check:
        for name in drift:
            print(f"codegen: agents_offchain/chain/abi/{name} differs from contracts/", file=sys.stderr)
        if drift:
            print(f"codegen: {MEND}", file=sys.stderr)
        return 1 if drift else 0
    ABI_ROOT.mkdir(parents=True, exist_ok=True)
    for name in drift:
        target = ABI_ROOT / name
        if name in expected:
            target.write_text(expected[name])
        else:
            target.unlink()
        print(f"codegen: {target.relative_to(REPO_ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
