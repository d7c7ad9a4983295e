"""Faults on purpose: real processes on a real chain and a real message server, killed, cut off and lied to."""
