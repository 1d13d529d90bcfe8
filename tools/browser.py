"""The Chromium, Chrome or Edge here: it draws pages for tests, benchmarks, pictures and the PDF."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Nothing it opens may reach another host: its own background traffic is off.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """The path of the first of them on PATH. Raises ValueError where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise ValueError(f"no browser is on PATH (looked for {', '.join(NAMES)})")
    return found
