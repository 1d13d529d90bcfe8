#!/usr/bin/env python3
"""gradbook with nothing but Python 3.11 or newer (venv and pip included):

  python3 run.py book [--port N] [--no-serve]   execute the notebooks, build the book, serve it
  python3 run.py test [pytest arguments]        everything that must hold
  python3 run.py lab [jupyter arguments]        the chapters in JupyterLab, sliders live
  python3 run.py bench [name ...]               the benchmarks
  python3 run.py experiments [--stale] [name ...]   the experiments too long for a page
  python3 run.py pdf [page ...]                 the book, built, as one PDF
  python3 run.py audit [page ...]               Lighthouse for every page, half an hour

The first run makes .venv from requirements.lock and node_modules from package-lock.json.
What was interrupted is recovered by the next run.
"""
# Standard library only. This file and tools/environment.py parse on Python 3.6, so that an old
# Python can say what it lacks. The steps are ordinary programs, which CONTRIBUTING.md names.
import contextlib
import functools
import http.server
import os
import re
import socketserver
import sys
import threading
import time

from tools.environment import (
    NEEDED,
    ROOT,
    WINDOWS,
    Stop,
    call,
    ensure_node,
    ensure_python,
    python_complaint,
    say,
    tool,
)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files with the right types (Windows may hold others), and a quiet log."""

    extensions_map = dict(  # noqa: RUF012 - the base class has it so
        http.server.SimpleHTTPRequestHandler.extensions_map,
        **{".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
           ".json": "application/json", ".ipynb": "application/json", ".woff2": "font/woff2"},
    )

    def log_request(self, code="-", size="-"):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = not WINDOWS  # there it would share a port that is taken


def open_server(port, folder):
    """A server bound to 127.0.0.1:port. Made before the build: a taken port is known in the first second."""
    try:
        return Server(("127.0.0.1", port), functools.partial(Handler, directory=str(folder)))
    except OSError as error:
        raise Stop(f"Port {port} cannot be used: {error.strerror}. "
                   f"Choose another one: python3 run.py book --port {port % 65535 + 1}") from error


def prepare():
    ensure_python()
    ensure_node()


def build(*options):
    """jupyter-book as one would call it by hand: caches, kernels, exports are the work of its extensions."""
    started, errors = time.time(), []
    say("-- executing the notebooks and building the book")
    if call([tool("jupyter-book"), "build", ".", "-W", "-n", "--keep-going", *options], errors=errors):
        raise Stop(build_advice("".join(errors)))
    say(f"-- the book is in _build/html ({time.time() - started:.0f} s)")


def build_advice(errors):
    """What jupyter-book wrote to stderr, cut down to what is wrong: cells with tracebacks, warnings."""
    text = re.sub(r"\x1b\[[\d;]*m", "", errors).replace(str(ROOT) + os.sep, "")
    failed = re.findall(r"^(\S+): WARNING: (Executing notebook failed.*?)\[mystnb\.exec\]", text, re.M | re.S)
    parts = [f"{path}: {what.split('nbclient.exceptions.')[-1].strip()}" for path, what in failed]
    lines = re.findall(r"^.*(?:WARNING|ERROR|CRITICAL): (?!Executing notebook failed).*$", text, re.M)
    parts += ["\n".join(lines)] if lines else []
    return "\n\n".join(["the book was not built.", *parts, "Correct this, then run the command again."
                        if parts else "The last lines of jupyter-book are above."])


def book_options(arguments):
    """(port, serve) from the words after `book`."""
    port, serve, words = "8000", True, list(arguments)
    while words:
        word = words.pop(0)
        if word == "--no-serve":
            serve = False
        elif word == "--port" or word.startswith("--port="):
            port = word[7:] or (words.pop(0) if words else "")
            if not port.isdigit() or int(port) > 65535:
                raise Stop("--port needs a number up to 65535, as in: python3 run.py book --port 8001")
        else:
            raise Stop(f"book does not know {word!r}: it takes --port N and --no-serve")
    return int(port), serve


def book(arguments):
    port, serve = book_options(arguments)
    server = open_server(port, ROOT / "_build" / "html") if serve else None
    try:
        prepare()
        build()
        if server:
            say(f"\n   http://127.0.0.1:{server.server_address[1]}/\n\n   (served until Ctrl-C)")
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()
    finally:
        if server:
            server.server_close()


# Slow files first, so that no worker idles at the end.
SLOW_FIRST = ["_build/notebooks", "tests/test_without_torch.py", "tests/test_experiments.py", "tests/trust",
              "tests/browser", "tests"]


def test_places(arguments):
    """The places to test, unless an argument names a file or a folder itself."""
    named = any((ROOT / word.split("::")[0]).exists() for word in arguments if not word.startswith("-"))
    return [] if named else SLOW_FIRST


def pytest(workers, *words):
    options = ["--dist", "loadfile", "--no-loadscope-reorder", "--nbval", "--durations", "5"]
    return call([tool("python"), "-m", "pytest", "-n", str(workers), *options, *words])


def test(arguments):
    """Everything: what needs no book while the book is built, then the rest. With arguments: all after it."""
    prepare()
    workers = max(1, min(4, os.cpu_count() or 1))
    if arguments:
        build()
        return pytest(workers, *test_places(arguments), *arguments)
    failed = []

    def meanwhile():
        try:
            build("--quiet")
        except Stop as reason:
            failed.append(reason)

    building = threading.Thread(target=meanwhile)
    building.start()
    say(f"-- meanwhile ruff, unit tests, a live JupyterLab ({workers} at a time)")
    first = pytest(workers, "-m", "not built", *SLOW_FIRST[1:])
    building.join()
    if failed:
        raise failed[0]
    workers = min(4, workers + 1)  # one of them waits for its page
    say(f"-- each notebook run again and compared, pages in Chromium ({workers} at a time)")
    return pytest(workers, "-m", "built", *SLOW_FIRST) or first


def lab(arguments):
    prepare()
    # tools/labconfig makes a double click on a chapter, or on a link of the start page, open a notebook
    places = [str(ROOT / "tools"), os.environ.get("JUPYTER_CONFIG_PATH")]
    path = os.pathsep.join(place for place in places if place)
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # in a container, say
    start = "--LabApp.default_url=/lab/tree/index.md"
    words = ["lab", "book", start, *(["--allow-root"] if root else []), *arguments]
    return call([tool("jupyter"), *words], JUPYTER_CONFIG_PATH=path)


def bench(arguments):
    scripts = {path.stem[6:]: path for path in sorted((ROOT / "benchmarks").glob("bench_*.py"))}
    unknown = [name for name in arguments if name not in scripts]
    if unknown or not scripts:
        raise Stop(f"No benchmark {' '.join(unknown)}. There are: {', '.join(scripts) or 'none'}")
    prepare()
    failed = []
    for name in arguments or scripts:
        say(f"-- {scripts[name].name}")
        failed += [name] if call([tool("python"), scripts[name]]) else []
    if failed:
        raise Stop(f"Failed: {', '.join(failed)}")


def experiments(arguments):
    prepare()
    return call([tool("python"), ROOT / "tools" / "experiments.py", *arguments])


def pdf(arguments):
    prepare()
    build()
    return call([tool("python"), ROOT / "tools" / "pdf.py", *arguments])


def audit(arguments):
    prepare()
    build()
    return call([tool("python"), ROOT / "tools" / "audit.py", *arguments])


COMMANDS = {"book": book, "test": test, "lab": lab, "bench": bench, "experiments": experiments, "pdf": pdf,
            "audit": audit}  # fmt: skip


def main(arguments):
    if sys.version_info[:2] < NEEDED:
        print(f"run.py: {python_complaint(sys.version_info)}", file=sys.stderr)
        return 1
    if not arguments or arguments[0] not in COMMANDS:
        asked = arguments[:1] in (["-h"], ["--help"], ["help"])
        print(__doc__, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        return COMMANDS[arguments[0]](arguments[1:]) or 0
    except Stop as reason:
        print(f"\nrun.py: {reason}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was unfinished begins again at the next run.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
