"""``python -m sentiment``: the command, where its script is not on the path."""

from sentiment.cli import main

raise SystemExit(main())
