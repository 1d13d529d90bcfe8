"""Explorables in headless Chromium: from a key to the next paint, on every page of the book and live.

    python3 run.py book --no-serve                     # the pages that are measured
    python3 run.py bench explorables                   # a minute and a half for each page
    python benchmarks/bench_explorables.py --store     # also rewrites results/explorables.json
    python benchmarks/bench_explorables.py ema --no-live

Each control of each figure is moved, at full speed and with the processor slowed down four times; what is
measured, explorables_static.py and explorables_live.py say. At the end stand the goals and the slowest
figure or page for each. Under load times are longer: the conditions are printed, and so is what a slider
takes that nothing listens to.
"""
# ruff: noqa: E402  (the modules beside this file are found through the path)
import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import explorables_live as live
import explorables_static as static
from explorables_static import INERT, SLOWER, p95, script_bytes, sent
from machine import processor
from playwright.sync_api import sync_playwright

from tools import browser as here

RESULT = HERE / "results" / "explorables.json"


def load():
    """How many processes wanted a core, in the mean of 1, 5 and 15 minutes; None where it is unknown."""
    return [round(v, 1) for v in os.getloadavg()] if hasattr(os, "getloadavg") else None


def goals(pages, taken):
    """[(what, goal, measured)]: the slowest figure or page in each row."""
    figures = [by for page in pages.values() for alt, by in page["figures"].items() if alt != INERT]
    inert = [page["figures"][INERT] for page in pages.values()]
    weights = {stem: sent(stem) for stem in pages}

    def slowest(rows, key):
        return " / ".join(f"{max(by[slower][key] for by in rows):.1f}" for slower in SLOWER) + " ms"

    def loads(i):
        worst = (max(page["loading"][slower][i] for page in pages.values()) for slower in SLOWER)
        return " / ".join(map(str, worst)) + " ms"

    def kilobytes(sizes):
        return f"{max(sizes) / 1000:.1f} kB"

    table = [
        ("work per move, median (at full speed / four times slower)", "≤ 1 / ≤ 5 ms",
         slowest(figures, "work median")),
        (f"the same of {INERT}", "", slowest(inert, "work median")),
        ("processor time per move, drawing included, at full speed", "",
         f"{max(by[1]['processor'] for by in figures):.1f} ms"),
        (f"the same of {INERT}", "", f"{max(by[1]['processor'] for by in inert):.1f} ms"),
        ("key → next paint, 95th percentile", "≤ 21 / ≤ 40 ms", slowest(figures, "paint p95")),
        (f"the same of {INERT}", "", slowest(inert, "paint p95")),
        ("all controls of a page answer", "≤ 150 / ≤ 400 ms", loads(0)),
        ("the page itself is parsed", "", loads(2)),
        ("all figures of a page are drawn", "", loads(1)),
        ("script of a page, compressed", "≤ 8 kB", kilobytes(map(script_bytes, pages))),
        ("frames of a figure, compressed", "≤ 60 kB",
         kilobytes(frames for w in weights.values() for _, frames, _ in w)),
        ("figures of a page, compressed", "≤ 150 kB",
         kilobytes(sum(whole for _, _, whole in w) for w in weights.values())),
    ]  # fmt: skip
    if taken:
        ours, theirs = (statistics.median(taken[name]) for name in ("explorable", "interact"))
        table += [("live: key → kernel → paint, median", "", f"{ours:.0f} ms"),
                  ("the same of interact with matplotlib", "", f"{theirs:.0f} ms"),
                  ("how many times faster", "≥ 3", f"{theirs / ours:.1f}")]  # fmt: skip
    return table


def report(pages, taken, where):
    """Every figure in a line, then the goals."""
    print(*(f"{name}: {value}" for name, value in where.items()), sep="   ")
    for stem, page in pages.items():
        print(f"\n{stem}: {len(sent(stem))} figures, script {script_bytes(stem) / 1000:.1f} kB")
        for slower, ms in page["loading"].items():
            print(f"  {slower}x: answers after {ms[0]} ms, drawn after {ms[1]} ms, parsed after {ms[2]} ms")
        kb = {alt: f"{frames / 1000:.1f}, {whole / 1000:.1f} kB" for alt, frames, whole in sent(stem)}
        for alt, by in page["figures"].items():
            print(f"  {alt[:36]:38}{kb.get(alt, ''):>16}", end="")
            for n, m in by.items():
                print(f"   {n}x processor {m['processor']:.2f}, work {m['work median']:.2f}, "
                      f"paint {m['paint median']:.1f}, p95 {m['paint p95']:.1f} ms", end="")  # fmt: skip
            print()
    for name, values in (taken or {}).items():
        print(f"\nlive, {name}: median {statistics.median(values):.0f} ms, p95 {p95(values):.0f} ms", end="")
    print("\n")
    for what, goal, measured in goals(pages, taken):
        print(f"{what:60}{goal:>18}{measured:>22}")


def main():
    parser = argparse.ArgumentParser(description="Explorables: from a key to the next paint.")
    parser.add_argument("pages", nargs="*", help="stems of pages; all that have explorables if none is named")
    parser.add_argument("--store", action="store_true", help="rewrite benchmarks/results/explorables.json")
    parser.add_argument("--no-live", action="store_true", help="without JupyterLab")
    options = parser.parse_args()
    stems = options.pages or static.stems()
    if not stems:
        sys.exit("the book is not built: python3 run.py book --no-serve")
    random.seed(0)
    where = {"date": datetime.date.today().isoformat(), "processor": processor(), "cores": os.cpu_count(),
             "system": platform.system(), "load before": load()}  # fmt: skip
    with sync_playwright() as playwright, static.server() as serving:
        browser = playwright.chromium.launch(executable_path=here.executable(), args=here.FLAGS)
        where["chromium"] = browser.version
        address = f"http://127.0.0.1:{serving.server_address[1]}"
        pages = {}
        for stem in stems:
            print(f"{stem} …", file=sys.stderr, flush=True)
            pages[stem] = static.page(browser, address, stem)
        taken = None if options.no_live else live.measured(browser)
        browser.close()
        serving.shutdown()
    where["load after"] = load()
    report(pages, taken, where)
    if options.store:
        rounded = taken and {name: [round(v, 1) for v in values] for name, values in taken.items()}
        stored = {"what": __doc__.partition("\n")[0], **where, "moves": static.MOVES,
                  "table": goals(pages, taken), "pages": pages, "live": rounded}  # fmt: skip
        RESULT.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
