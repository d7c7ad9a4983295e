"""Figures of the daemons, each beside a reference measured in the same run: `make bench-daemons`."""
