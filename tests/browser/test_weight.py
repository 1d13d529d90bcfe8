"""What the scripts of explorables weigh. test_pages.py weighs the first view of each page."""

import gzip

import pytest
from test_pages import HTML

pytestmark = pytest.mark.built


def test_scripts_of_explorables_are_small():
    scripts = list(HTML.glob("_static/explore*.js"))
    assert scripts
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in scripts}
    for name, size in sizes.items():  # the common part, then a little for each rare one that the page has
        assert size <= 7_000 + 800 * name.count("-"), (name, size)
