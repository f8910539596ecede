"""`python -m timegan_lib.cli` is `timegan`."""

import sys

from timegan_lib.cli import main

sys.exit(main())
