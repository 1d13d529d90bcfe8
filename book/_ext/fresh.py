"""Nothing stale: kernels in their fixed environment, executions redone when the library changed.

jupyter-cache keys an execution on the text of the notebook alone, so after an edit in lib/ the book would
show the outputs of the old library and still end with exit status 0. Sphinx likewise reports a warning only
when it reads or writes the page again, so a second run of a failed build would pass. Both are closed here.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tools import kernel_env

log = logging.getLogger(__name__)

# What a cell's output depends on beside its own text. Stored benchmark results are read by cells.
EXECUTION_INPUTS = ("lib/**/*.py", "lib/**/*.js", "lib/**/*.css", "lib/**/*.json", "book/experiments/*.py",
                    "benchmarks/**/*.json", "requirements.lock")
# A file in the cache: the digest of what its executions used.
INPUTS = "gradbook-inputs"
# What a page depends on beside its own text and outputs.
PAGE_INPUTS = ("book/_ext/*", "book/_templates/**/*", "book/_static/*", "package-lock.json")


def digest(root: Path, patterns: tuple[str, ...]) -> str:
    """SHA-256 over names and bytes of the files under root that match, the Python version and KERNEL_ENV."""
    total = hashlib.sha256(repr((sys.version, sorted(kernel_env.KERNEL_ENV.items()))).encode())
    for path in sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()}):
        if "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


class Stamp:
    """What the last good build saw. The file is absent while a build runs and after one that failed."""

    def __init__(self, app):
        self.root, self.doctrees = Path(app.srcdir), Path(app.doctreedir)
        self.file = self.doctrees.parent / ".fresh.json"
        self.cache = Path(app.config.nb_execution_cache_path or self.doctrees.parent / ".jupyter_cache")
        self.cache_key = self.cache / INPUTS

    def drop_stale(self) -> None:
        self.execution, self.pages = digest(self.root, EXECUTION_INPUTS), digest(self.root, PAGE_INPUTS)
        if not (self.cache_key.exists() and self.cache_key.read_text() == self.execution):
            if self.cache_key.exists():
                log.info("the library, the lock file or a benchmark changed: every notebook runs again")
            shutil.rmtree(self.cache, ignore_errors=True)
            self.cache.mkdir(parents=True)
            self.cache_key.write_text(self.execution)
        seen = json.loads(self.file.read_text()) if self.file.exists() else None
        if seen != [self.execution, self.pages]:
            (self.doctrees / "environment.pickle").unlink(missing_ok=True)  # every page is read again
        self.file.unlink(missing_ok=True)

    def keep(self) -> None:
        if digest(self.root, EXECUTION_INPUTS) != self.execution:  # edited while the notebooks ran
            self.cache_key.unlink(missing_ok=True)
        else:
            self.file.write_text(json.dumps([self.execution, self.pages]))


def _start(app, config):
    app.gradbook_stamp = Stamp(app)
    app.gradbook_stamp.drop_stale()


def _finish(app, exception):
    if exception is None and not app._warncount:
        app.gradbook_stamp.keep()


def setup(app):
    kernel_env.apply()
    app.connect("config-inited", _start, priority=900)
    app.connect("build-finished", _finish, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
