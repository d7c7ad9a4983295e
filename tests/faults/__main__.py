"""`python -m tests.faults`: see `run.py`. A module of this name is not imported again by every forked process."""

from __future__ import annotations

import sys

from tests.faults.run import main

sys.exit(main())
