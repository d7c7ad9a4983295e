"""A host: one process's agents, their inbox, and the conversations they are in.

    inbox ─► intake (who sent it, seen before, over quota) ─► fair queue ─► handlers of agents ─► outbound ─► inboxes
                └── answers ─► asks                                              └── parts, replies ──┘

Read in this order: `agent` (what people write), `host` (the parts put together), `outbound`, `intake`, `residents` (who
a message is for), `dispatch`, `replies`, `asks`, `gathering`. A host holds no key but its session's: wallets sign
through the signer's port.
"""
