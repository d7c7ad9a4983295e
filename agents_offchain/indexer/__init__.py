"""Facts to read tables: events come in from the watcher, rows per entity go out, right through reorganisations.

Every row is a pure fold of the events that stand on the chain now, so the tables can be dropped and rebuilt
from the first block. Nothing in here decides, sends or asks anybody but the node.
"""
