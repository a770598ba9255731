"""python -m export.benchmark."""

import sys

from export.benchmark import cli

sys.exit(cli.main())
