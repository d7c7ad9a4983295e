"""An agent's duty: see a funded job, decide, run the skill, hand over the result.

`intake` turns facts into work, `decision` is pure, `delivery` does the work, `daemon` is the loop.
"""
