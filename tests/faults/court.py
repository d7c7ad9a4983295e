"""A client disputes good work; three jurors in processes of their own do it again, vote, and the agent is paid.

Nobody tells a juror what to vote. The client loses its bond: the court takes its fee of it, the agent wins the rest.
"""

from __future__ import annotations

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.chain.proxies.juror_court import COURT_ABI, DESK_ABI, CourtProxy, Phase
from agents_offchain.chain.proxies.token import approve_calldata, mint_calldata
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.account import SetupAccount
from tests.faults.client import TOKEN, WEALTH, Hired
from tests.faults.house import JURORS, PATIENCE_SECONDS, ROLES
from tests.faults.judge import Findings
from tests.faults.story import FUNDED, SETTLED, SUBMITTED, Fault, Stage, nothing

SEATS = 3
NO_COMMITMENT = bytes(32)


class CourtStage(Stage):
    """A house with jurors; a story is a dispute."""

    cast = (*ROLES, *JURORS)
    mortals = ("publisher", *JURORS)
    words = ("juror-", "bailiff.")

    async def set(self) -> None:
        """Every juror has a ticket, and the client may put up bonds."""
        await super().set()
        contracts = self.house.deployment.address
        self._court = CourtProxy(self.house.node, contracts("DisputeDesk"), contracts("JurorCourt"))
        ticket = await self._court.ticket_units()
        await self.house.node.request("evm_setAutomine", True)
        for name in JURORS:
            account = SetupAccount(
                self.house.node, SignerClient(self.house.settings.signer_socket), name, DEVNET_CHAIN_ID
            )
            await account.transact(contracts("TestDollar"), mint_calldata(await account.address(), ticket))
            await account.transact(contracts("TestDollar"), approve_calldata(self._court.court, ticket))
            await account.transact(self._court.court, COURT_ABI.encode_call("stake", 1))
        await self.house.node.request("evm_setAutomine", False)
        self._staked = ticket * len(JURORS)
        self._fees = 0
        await self.client.send("TestDollar", TOKEN.encode_call("approve", self._court.desk, WEALTH))

    async def tell(self, fault: Fault = nothing) -> Findings:
        with self.until_lost():
            hired = await self.client.hire()
            await fault(FUNDED, hired)
            await self.client.until_status(hired.job_id, JobStatus.SUBMITTED)
            await self.until_judged(hired)
            await self._dispute(hired)
            await fault(SUBMITTED, hired)
            await self.house.until(lambda: self._is_over(hired), f"the dispute over job {hired.job_id} is over")
            await fault(SETTLED, hired)
        findings = await self.judge.judge([hired.job_id])
        await self._fees_paid(findings)
        return findings

    async def _dispute(self, hired: Hired) -> None:
        bond = int(await self.house.node.call(DESK_ABI, self._court.desk, "bondFor", hired.job_id))
        await self.client.send("DisputeDesk", DESK_ABI.encode_call("dispute", hired.job_id, bytes(32), bond))
        cost, _ = (await self.house.node.call(COURT_ABI, self._court.court, "quote", self._token)).values()
        self.judge.bonds += bond
        self.judge.won += bond - int(cost)
        self._fees += int(cost)
        dispute = await self._court.dispute(hired.job_id)
        head = await self.house.node.block()
        assert head is not None
        latest = dispute.rule_by - await self._court.longest_seconds()
        await self.house.pass_time((latest - head.timestamp) // 2 + 1)  # the time in which the parties may agree

    @property
    def _token(self) -> bytes:
        return self.house.deployment.address("TestDollar")

    async def _is_over(self, hired: Hired) -> bool:
        """Let each phase pass as soon as everybody has done his part in it."""
        if (await self.client.status(hired.job_id)).is_final:
            return True
        dispute_id = (await self._court.dispute(hired.job_id)).dispute_id
        if not dispute_id:
            return False
        standing = await self._court.standing(dispute_id)
        seats = [await self._court.seat(dispute_id, standing.round, seat) for seat in range(SEATS)]
        is_done = {
            Phase.COMMIT: all(seat.commitment != NO_COMMITMENT for seat in seats),
            Phase.REVEAL: all(seat.is_revealed for seat in seats),
            Phase.APPEAL: True,
        }
        head = await self.house.node.block()
        if is_done.get(standing.phase) and head is not None and standing.ends_at >= head.timestamp:
            await self.house.pass_time(standing.ends_at - head.timestamp + 1)
        return False

    async def _fees_paid(self, findings: Findings) -> None:
        """Every fee is the jurors', and nobody lost a part of its stake."""
        signer = SignerClient(self.house.settings.signer_socket)
        jurors = [await signer.address(name) for name in JURORS]

        async def are_paid() -> bool:
            credits = [
                int(await self.house.node.call(COURT_ABI, self._court.court, "creditOf", self._token, juror))
                for juror in jurors
            ]
            return sum(credits) == self._fees

        staked = sum([(await self._court.juror(juror)).balance for juror in jurors])
        if staked != self._staked:
            findings.wrong.append(f"the jurors have {staked} at stake and should have {self._staked}")
        with self.until_lost():
            await self.house.until(are_paid, "the jurors have their fees", seconds=PATIENCE_SECONDS)
