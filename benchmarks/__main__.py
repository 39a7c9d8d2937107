"""`python -m benchmarks`: measure, compare, render."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.compare import compare_results
from benchmarks.machine import available_cores
from benchmarks.registry import select
from benchmarks.render import joined, render
from benchmarks.runner import Mode, Plan, failures, run_cases


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--smoke",
        action="store_true",
        help="every case once at its smallest size; are answers right?",
    )
    mode.add_argument("--quick", action="store_true", help="the smaller sizes, some minutes")
    parser.add_argument(
        "--case", default="*", metavar="GLOB", help="cases by name, such as 'pooled/*'"
    )
    parser.add_argument("--list", action="store_true", help="name the cases and their sizes")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="an earlier result")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), metavar="DIR")
    parser.add_argument("--threads", type=int, default=available_cores(), metavar="N")
    parser.add_argument(
        "--render",
        type=Path,
        nargs="+",
        metavar="RESULTS.json",
        help="only write the page, of one run or of several on one machine",
    )
    parser.add_argument("--to", type=Path, metavar="PAGE.md", help="where --render writes")
    return parser.parse_args(words)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main(words: list[str] | None = None) -> int:
    """Exit code 0 when every case ran and every answer agrees, 1 otherwise, 2 for bad input."""
    given = _arguments(words)
    for path in (*(given.render or ()), *([given.compare] if given.compare else ())):
        if not path.is_file():
            print(f"{path} is not there", file=sys.stderr)
            return 2
    if given.render is not None:
        page = render(joined([_read(path) for path in given.render]))
        if given.to is None:
            print(page, end="")
        else:
            given.to.parent.mkdir(parents=True, exist_ok=True)
            given.to.write_text(page, encoding="utf-8")
        return 0
    cases = select(given.case)
    if not cases:
        print(f"no case is called {given.case!r}; --list names them", file=sys.stderr)
        return 2
    if given.list:
        for case in cases:
            print(f"{case.name:28} {', '.join(size.label for size in case.sizes)}: {case.task}")
        return 0
    mode: Mode = "smoke" if given.smoke else "quick" if given.quick else "full"
    document = run_cases(
        Plan(mode, given.threads, tuple(cases), lambda line: print(line, flush=True))
    )
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1)
    (given.out / "results.json").write_text(text + "\n", encoding="utf-8")
    (given.out / "results.md").write_text(render(document), encoding="utf-8")
    print(f"\n{document['seconds']:.0f} s; {given.out / 'results.json'} and results.md written")
    for bar in document["bars"]:
        if bar["met"] is False:
            what = f"{bar['case']} {bar['size']} {bar['severity']}".strip()
            found = f"{bar['value']:.3g} for {bar['limit']:.3g} {bar['kind']} {bar['against']}"
            print(f"bar missed: {what}: {found.strip()}")
    if given.compare is not None:
        print("\n".join(compare_results(_read(given.compare), document)))
    red = failures(document["results"])
    for line in red:
        print(f"FAILED {line}", file=sys.stderr)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
