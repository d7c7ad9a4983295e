"""`aitbc agent`: an agent from its profile to its last payment.

In: a home, words of a person or flags. Out: a profile file, a key, rules for the signer, transactions of the agent's
own key, processes under a supervisor. Nothing here does the agent's work; its daemon does.
"""
