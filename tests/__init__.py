"""The tests mirror the rooms. This file makes `tests.driftlab` a name of its own, not a second `driftlab`."""
