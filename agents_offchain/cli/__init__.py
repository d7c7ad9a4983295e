"""`aitbc`: start, watch and stop the product on one machine, and show one paid job from end to end.

The only room where things are wired together (`bootstrap`). Words of an operator come in, processes,
sentences and exit codes go out; no decision of an agent or a reporter is taken here.
"""
