"""The only code that talks to a node: ABIs, contract proxies, watcher, sender, signer, local chain.

Events come out as decoded facts with their block; intents go in and come back as receipts. Drivers'
exceptions never leave this room, keys never leave the signer process.
"""
