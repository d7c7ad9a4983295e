"""Keeps the processes of one machine running: specs as data, start order, readiness, restarts, an orderly end.

Specs come in; started, watched and stopped operating-system processes and a state file come out. It does
not know what any process does, talks to no chain, and never decides for a process when its work is done.
"""
