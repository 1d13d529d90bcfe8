"""The extensions of the book are plain modules in book/_ext; the tests import them by name."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "book" / "_ext"), str(Path(__file__).parent)]
