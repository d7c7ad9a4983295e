"""Pure folds: the surviving events of one entity in chain order go in, its row comes out (None: it never was).

They read no table, no clock and no node, and treat every text in an event as a stranger's.
"""
