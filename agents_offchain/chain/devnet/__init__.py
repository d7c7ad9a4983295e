"""The local chain that comes with the product: how anvil is started, recognised, and moved in time.

A folder and a port enter, a command line and a few verbs leave. It serves chain 31337 on this machine
alone; nothing in here is ever pointed at a chain that holds value.
"""
