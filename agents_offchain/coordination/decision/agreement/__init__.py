"""N = 3f + 1 members agree on one value although f of them lie, and hold a certificate of it.

    proposal ─► n prepare votes ─► quorum ─► n commit votes ─► quorum: decided ─► n seals ─► quorum: certificate
        ▲                                                                                  (`DecisionLedger.certify`)
        └── next leader ◄── quorum of timeouts, which name the newest quorum of prepare votes seen

Source: R. Gelashvili et al., "Jolteon and Ditto: Network-Adaptive Efficient Consensus with Asynchronous Fallback",
Financial Cryptography 2022 (Jolteon, a two-chain HotStuff: M. Yin et al., PODC 2019). As there, the value of a new
round is bound by a quorum of timeouts, not by a lock that waits; a member that timed out of a round never votes in it.

Differences from the paper:

1. One value, not a chain of blocks: a block's child becomes a second vote on the same value, and pipelining goes.
2. Votes go to everybody, not to the next leader: n² messages of a vote, one hop less, nothing lost with a leader.
3. Lists of recoverable secp256k1 signatures instead of threshold signatures, so that the EVM can check them.
4. A third signature, the seal, by members that have decided. It names no round, so the chain need not know rounds;
   a vote without a round would be unsafe, a seal is not, since its signer saw the decision.
5. No asynchronous fallback (Ditto): always safe, live only while the network keeps a bound, unknown to us; rounds
   grow longer to find it. Round robin leaders; no amplification of timeouts, everybody has a clock.
6. Values are proposed by members and refused by the `accepts` predicate ("external validity" of "Secure and Efficient
   Asynchronous Broadcast Protocols", CRYPTO 2001).

Read in this order: `council`, `messages`, `vows`, `replica` (the protocol), `verifier`, `certificate`; then `driver`,
`wire` and `sql_journal`, which bring it to life. The simulator in tests/simulation runs these files and no others.
"""
