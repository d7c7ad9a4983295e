"""The process that alone holds wallet keys, and how others ask it to sign.

Requests name a key, never carry one; signatures come out. It signs only what it can describe (a
transaction, typed data), only for callers of the same user, and development keys only for the chain
they are marked for.
"""
