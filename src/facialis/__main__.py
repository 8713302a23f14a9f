"""``python -m facialis`` and the program ``facialis``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; an interrupt while it is still loading ends in one line too."""
    try:
        from facialis.app.cli import main as run

        run()
    except (Exception, KeyboardInterrupt) as error:
        from facialis.interrupts import came_of_interrupt

        if not came_of_interrupt(error):
            raise
        print("facialis: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
