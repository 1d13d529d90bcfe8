"""Lighthouse and the weight of the first view, for every page of the built book.

    python3 run.py audit               # builds the book, then every page: half an hour
    python tools/audit.py ema --runs 1 # one page of the built book, quickly
    python tools/audit.py --store      # also writes benchmarks/results/audit.md
    python tools/audit.py --beside DIR # the same pages in another folder, too: of another theme, say

Lighthouse is 190 MB, so it is no package of the book: the first run puts this version of it into
_build/lighthouse. The pages are served packed, as any server would. Under load times and scores are worse:
the table names the load.
"""

import argparse
import datetime
import functools
import gzip
import http.server
import json
import os
import socketserver
import statistics
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

HTML, HOME = ROOT / "_build" / "html", ROOT / "_build" / "lighthouse"
RESULT = ROOT / "benchmarks" / "results" / "audit.md"
VERSION = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {"LCP": "largest-contentful-paint", "TBT": "total-blocking-time", "CLS": "cumulative-layout-shift"}
PACKED = (".html", ".css", ".js", ".svg", ".json")


class Packing(http.server.SimpleHTTPRequestHandler):
    """Sends text packed, and lets a browser keep what has a hash in its name."""

    def log_message(self, *words):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir() or not path.exists():
            return super().do_GET()
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in PACKED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header(
            "Cache-Control", "max-age=31536000, immutable" if "_static" in path.parts else "no-cache"
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)


def install():
    """Lighthouse's folder, filled when it is not there."""
    from tools.environment import tool

    package = HOME / "node_modules" / "lighthouse" / "package.json"
    if not package.exists() or json.loads(package.read_text("utf-8"))["version"] != VERSION:
        HOME.mkdir(parents=True, exist_ok=True)
        print(f"installing lighthouse {VERSION} into {HOME.relative_to(ROOT)}, 190 MB")
        command = [
            tool("npm"),
            "install",
            "--prefix",
            HOME,
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--no-save",
            f"lighthouse@{VERSION}",
        ]
        subprocess.run(list(map(str, command)), check=True, cwd=HOME)
    return HOME / "node_modules" / "lighthouse" / "cli" / "index.js"


def once(script, chromium, address, desktop):
    """{category: score, LCP, TBT, CLS, bytes, requests} of one run; None where Lighthouse gave up."""
    from gradbook.explore_page import node

    command = [
        node(),
        script,
        address,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking",
        *(["--preset=desktop"] if desktop else []),
    ]
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "CHROME_PATH": chromium},
    )
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return None
    report = json.loads(done.stdout)
    asked = report["audits"]["network-requests"]["details"]["items"]
    found = {name: 100 * (report["categories"][name]["score"] or 0) for name in CATEGORIES}
    found |= {name: report["audits"][key]["numericValue"] for name, key in TIMES.items()}
    return found | {"bytes": sum(item.get("transferSize", 0) for item in asked), "requests": len(asked)}


def medians(runs):
    runs = [run for run in runs if run]
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]} if runs else None


def audited(folder, stems, runs, script, chromium):
    """(stem, (mobile, desktop)), one page after the other."""
    handler = functools.partial(Packing, directory=folder.parent)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for stem in stems:
            address = f"http://127.0.0.1:{server.server_address[1]}/{folder.name}/{stem}.html"
            mobile = medians([once(script, chromium, address, desktop=False) for _ in range(runs)])
            yield stem, (mobile, once(script, chromium, address, desktop=True))
        server.shutdown()


def row(stem, mobile, desktop):
    if not mobile or not desktop:
        return f"| {stem} | failed | | | | | | |"
    scores = " / ".join(f"{mobile[name]:.0f}" for name in CATEGORIES)
    return (
        f"| {stem} | {mobile['bytes'] / 1000:.0f} kB, {mobile['requests']:.0f} | {scores} | "
        f"{mobile['LCP'] / 1000:.1f} s | {mobile['TBT']:.0f} ms | {mobile['CLS']:.3f} | "
        f"{desktop['performance']:.0f} | {desktop['CLS']:.3f} |"
    )


def main():
    parser = argparse.ArgumentParser(description="Lighthouse for every page of the built book.")
    parser.add_argument("pages", nargs="*", help="stems of pages; all if none is named")
    parser.add_argument("--runs", type=int, default=5, help="medians of so many runs (5)")
    parser.add_argument("--beside", type=Path, help="a folder with other builds of some of these pages")
    parser.add_argument("--store", action="store_true", help=f"write {RESULT.relative_to(ROOT)}")
    options = parser.parse_args()
    from tools import browser

    stems = options.pages or sorted(path.stem for path in (HTML / "book").glob("*.html"))
    if not stems:
        sys.exit("the book is not built: python3 run.py book --no-serve")
    try:
        chromium = browser.executable()
    except ValueError as complaint:
        sys.exit(f"audit: {complaint}")
    script, load = install(), os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    lines = [
        f"Lighthouse {VERSION} on {datetime.date.today().isoformat()}, medians of {options.runs}, "
        f"{os.cpu_count()} cores on which {load:.1f} processes wanted to run. Mobile is its slow phone "
        "on slow 4G; its four scores are performance, accessibility, best practices, SEO. Desktop: one run.",
        "",
        "| page | first view: bytes, requests | mobile | LCP | TBT | CLS | desktop: performance | CLS |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines))
    for folder in filter(None, (HTML / "book", options.beside)):
        there = [stem for stem in stems if (folder / f"{stem}.html").exists()]
        for stem, found in audited(folder.resolve(), there, options.runs, script, chromium):
            lines.append(row(stem if folder != options.beside else f"{stem}, {folder.name}", *found))
            print(lines[-1], flush=True)
    if options.store:
        RESULT.write_text("# The pages, audited\n\n" + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
