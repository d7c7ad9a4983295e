"""A master splits a document job over five agents, two die, one lies, and the answer is right and certified on chain.

`make demo-coordination` tells the story with real processes: a chain, a message server, a signer that alone holds keys,
and five workers. `worker` is one agent, `house` starts and ends everything, `story` is the master.
"""
