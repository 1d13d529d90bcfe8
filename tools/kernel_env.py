"""The environment in which every notebook of the book runs: one place for the build, the tests and run.py.

The same settings hold when the book is built, when nbval re-runs the notebooks and when a reader calls either
command directly, so that two runs of one cell print the same characters.
"""

import datetime
import os
from pathlib import Path

_NEW_YEAR = datetime.datetime(datetime.date.today().year, 1, 1, tzinfo=datetime.UTC)

KERNEL_ENV = {
    # Explorables write their static form only and open no comm: outputs stay comparable between runs.
    "GRADBOOK_STATIC": "1",
    # Iteration order of sets, and the ids that matplotlib derives from it.
    "PYTHONHASHSEED": "0",
    # BLAS sums in another order with another number of threads, which changes the last bits.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # The date inside SVG files. In the current year, because Sphinx takes the copyright year from it too.
    "SOURCE_DATE_EPOCH": str(int(_NEW_YEAR.timestamp())),
    # The book's own IPython profile: nothing of the reader's start-up files in the outputs, no history kept.
    "IPYTHONDIR": str(Path(__file__).resolve().parent / "ipython"),
    # Figures appear as cell outputs, whatever the caller's shell asks for.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def apply() -> None:
    """Put KERNEL_ENV into os.environ, for this process and the kernels that it starts."""
    os.environ.update(KERNEL_ENV)
