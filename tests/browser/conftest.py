"""One headless Chromium and one server of the built book for all browser tests."""

import functools
import http.server
import os
import socketserver
import sys
import threading
from pathlib import Path

import pytest

from tools import browser as browser_here

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))


def _without(what):
    """Skip and say why; where CI=true, browser tests must run."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; in CI the browser tests must run")
    pytest.skip(f"{what}, so browser tests do not run")


@pytest.fixture(scope="session")
def chromium_path():
    """Path of a Chromium, Chrome or Edge on PATH."""
    try:
        return browser_here.executable()
    except ValueError as error:
        _without(str(error))


@pytest.fixture(scope="session")
def browser(chromium_path):
    """A running Playwright browser; tests open their own contexts and close them."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without("the package playwright is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=browser_here.FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def site():
    """The address, ending in /, under which the built book is served on this machine."""
    if not (HTML / "book" / "index.html").exists():
        _without("the book is not built (python3 run.py book)")
    with socketserver.ThreadingTCPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=HTML)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """One line for each request would bury pytest's own."""
