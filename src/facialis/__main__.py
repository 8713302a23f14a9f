"""``python -m facialis``."""

from facialis.app.cli import main

main()
