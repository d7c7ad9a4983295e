"""The only Python that posts verdicts: reporters who check work, a publisher, a keeper who settles.

Submitted jobs come in as events, signed verdicts leave as one transaction once a quorum agrees; settled jobs
leave as batches. A reporter never signs two different verdicts for one submission, and nothing in here can
move money: the contract's windows and anybody's `settle` do.
"""
