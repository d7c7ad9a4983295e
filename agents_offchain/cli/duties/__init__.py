"""`aitbc reporter | keeper | cashier | juror`: the duties besides an agent's, each with a key and a process of its own.

In: a name. Out: a key, its rules for the signer, and its daemon under a supervisor in the foreground.
"""
