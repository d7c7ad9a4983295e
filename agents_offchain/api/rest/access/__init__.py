"""Who calls: wallets sign in (EIP-4361) and get a short token, services carry keys; each may do what its scopes say.

In: headers of a request. Out: a `Principal`, or a refusal. Limits on how often and answers to repeated requests are
here too, since both are counted by principal.
"""
