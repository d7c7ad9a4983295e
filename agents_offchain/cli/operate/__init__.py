"""What an operator does besides starting and stopping: keys, approvals, audit, index, dead letters, jobs.

In: a home, up or not. Out: tables for people, one JSON document for programs, an exit code. Nothing here signs.
"""
