"""Settle Python's garbage collector for a process that runs long and takes in much at once.

What stands after the imports stays until the end, so it is never looked at again; and the young are looked at less
often, since a range of history makes some hundred thousand objects that all live until it is written down. Measured by
`make bench-daemons PART=history`: the collector's share of a sync falls from two fifths to a tenth.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
"""So many more objects made than dropped start a collection; Python's own choice is 700."""
MIDDLE, OLD = 20, 50


def settle_collector() -> None:
    """Call once, when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, MIDDLE, OLD)
