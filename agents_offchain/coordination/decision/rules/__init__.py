"""What voices amount to, as small objects that wrap each other.

    Quorum(Share(Plurality(), 2, 3), 50, 100)        two thirds of those who vote, if half of all do

A rule sees choices and weights, never voters, so it cannot favour one. It returns an outcome and never raises for what
voters did; only a rule that was put together wrongly raises, when it is made.
"""
