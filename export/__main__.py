"""python -m export."""

import sys

from export import cli

sys.exit(cli.main())
