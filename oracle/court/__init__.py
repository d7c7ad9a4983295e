"""Disputes: the bailiff carries each on to its end, a juror votes on the seats that it was drawn for.

In: events of DisputeDesk and JurorCourt. Out: referrals, draws, rulings, closings; secret votes, revealed in time. What
each contract would accept is asked of it before anything is planned.
"""
