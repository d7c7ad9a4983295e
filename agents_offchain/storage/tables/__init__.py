"""Every table of the product and the migrations that make them.

`journal` holds the daemons' queues and cursors, `read_model` what the indexer derives from events.
Only the indexer writes `read_model`; nothing in here has behaviour.
"""
