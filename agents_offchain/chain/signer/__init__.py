"""The process that alone holds wallet keys, and how others ask it to sign.

Requests name a key, never carry one; signatures come out. It signs only what it can describe (a
transaction, typed data), only for callers of the same user, and development keys only for the chain
they are marked for.

    server ──► guard ──► policy, judge (calls)     may this be signed at all
                 ├─────► approvals (seals)         has a person said yes, where one must
                 └─────► budgets                   reserved on disk
    server ──► keystore, audit                     signed, written down, answered
"""
