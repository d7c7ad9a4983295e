"""Measures what the contracts' verbs cost on a real local chain.

In: what forge compiled (`out/`). Out: gas of each row of the table, second and later calls, as the receipts say.
Never a model or an estimate: every number is the `gasUsed` of a mined transaction.
"""
