"""`python -m driftlab` is the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status: 0 done, 2 refused, 130 stopped by the person."""
    from driftlab.cli import command

    sys.exit(command(sys.argv[1:]))


if __name__ == "__main__":
    main()
