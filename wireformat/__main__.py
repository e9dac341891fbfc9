"""`python -m wireformat` is `wireformat`."""

from __future__ import annotations

import sys

from wireformat.cli import main

sys.exit(main())
