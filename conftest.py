"""Kernels that pytest starts (nbval) run in the same environment as those of the book build.

Cells of built notebooks are marked `built`. One worker runs a file, or one page of the files that go through
the pages, so that what is opened once serves all its tests.
"""

import pytest

from tools import kernel_env

kernel_env.apply()
BY_PAGE = ("tests/browser/test_pages.py", "tests/browser/test_explorables.py", "tests/test_experiments.py")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("built")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByPage(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file, _, name = nodeid.partition("::")
            return file + name.partition("[")[2] if file in BY_PAGE else file

    return ByPage(config, log)
