"""From signed verdicts to one transaction: gather, count, decide whether to post, plan.

Messages enter, an intent in the keeper's outbox leaves. A quorum of signatures is what the contract believes;
who posts them does not matter, and several publishers do no harm.
"""
