"""How several agents do one job: split and delegate (`tasks`), ask for bids (`bidding`), settle (`conflicts`).

In: agents of `messaging` and what the job is. Out: results with who made them, what they cost, and what failed. A
pattern keeps nothing: whoever runs it puts what must survive into the database through `messaging.once`.
"""
