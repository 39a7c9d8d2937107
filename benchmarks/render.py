"""Results as Markdown: the machine, the bars, a table for each family, what was left out.

Question owned: how does a person read the results? The same document gives the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.case import OURS

Record = dict[str, Any]

HEAD = """# Benchmarks

This page is generated: `python -m benchmarks` measures and writes `results.json`, and
`python -m benchmarks --render results.json --to docs/benchmarks.md` writes this page from it.
Seconds differ between machines; ratios and shares of the physical limit travel better.
"""

LEGEND = """Every actor runs in a fresh process. *Cold* is the first run in it (compilation and
first touch of memory included), *warm* the median of the runs after it; imports are in neither.
*MB* is the peak of memory above the interpreter with its imports, the input included. *x ours* is
an actor's warm seconds over ours: above one, hinterland is faster. *Of limit* is the least time in
which this machine could do the arithmetic and the memory traffic of the run (rate of BLAS matrix
products and bandwidth measured in the same run), over the time it took; above 100 % our kernels are
faster than BLAS. For a solve it counts the
products that the solve used, for skims and what-ifs only reading the input and writing the output
once, which they cannot come near. *Differs* is the largest difference from our answer, relative to
its largest number.
"""

COLUMNS = "| size | severity | actor | cold, s | warm, s | x ours | MB | of limit | differs | how |"


def render(document: Record) -> str:
    """The page of a results document."""
    bars = document["bars"]
    parts = [HEAD, _machine(document), _bars(bars), _missed(bars), "## Measurements", LEGEND]
    families: dict[str, list[Record]] = {}
    for record in document["results"]:
        families.setdefault(record["case"].split("/")[0], []).append(record)
    for family, records in families.items():
        parts.append(_family(family, records))
    parts.append(_left_out(document["results"]))
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def joined(documents: Sequence[Record]) -> Record:
    """One document out of several runs; of a case that is in two of them the later one counts.

    Parameters
    ----------
    documents
        With the same number of threads; the machine is that of the first one.
    """
    if len(documents) == 1:
        return documents[0]
    if len({document["threads"] for document in documents}) > 1:
        raise ValueError("runs that are shown together need the same number of threads")
    found: dict[str, tuple[list[Record], list[Record], str]] = {}
    for document in documents:
        for name in dict.fromkeys(one["case"] for one in document["results"]):
            found[name] = (
                [one for one in document["results"] if one["case"] == name],
                [one for one in document["bars"] if one["case"] == name],
                document["mode"],
            )
    modes: dict[str, list[str]] = {}
    for name, (_, _, mode) in found.items():
        families = modes.setdefault(mode, [])
        if (family := name.split("/")[0]) not in families:
            families.append(family)
    return documents[0] | {
        "mode": "; ".join(f"{mode}: {', '.join(families)}" for mode, families in modes.items()),
        "seconds": sum(document["seconds"] for document in documents),
        "results": [one for results, _, _ in found.values() for one in results],
        "bars": [one for _, bars, _ in found.values() for one in bars],
    }


def _machine(document: Record) -> str:
    machine = document["machine"]
    versions = ", ".join(f"{name} {found}" for name, found in machine["versions"].items())
    lines = [
        "## Machine",
        "",
        f"- {machine['processor']}, {machine['system']}, {machine['cores']} cores, "
        f"{document['threads']} threads used, {machine['memory_gb']} GB of memory, last cache "
        f"{machine['last_cache_mb']} MB",
        f"- Python {machine['python']}; {versions}; BLAS {machine['blas']}",
        f"- matrix products: {machine['multiply_gflops']:.0f} GFlop/s by BLAS, which limits are "
        f"held against; {machine.get('kernel_gflops', 0.0):.0f} by our kernels for few vectors",
        f"- mode {document['mode']}, {document['seconds']:.0f} s in all",
        "",
        "| working set, MB | triad, GB/s | dot product, GB/s |",
        "|---:|---:|---:|",
    ]
    for rung in machine["bandwidth_gb_s"]:
        lines.append(f"| {rung['megabytes']:g} | {rung['triad']:.1f} | {rung['dot']:.1f} |")
    return "\n".join(lines)


def _bars(bars: Sequence[Record]) -> str:
    if not bars:
        return ""
    lines = [
        "## Bars",
        "",
        "| case | size | severity | bar | found | met |",
        "|---|---|---|---|---:|---|",
    ]
    for bar in bars:
        sign = ">=" if bar["kind"] == "ratio" else "<="
        unit = {"ratio": f"x {bar['against']}", "seconds": "s", "MB": "MB"}[bar["kind"]]
        text = f"{sign} {bar['limit']:.3g} {unit}" + (f" ({bar['note']})" if bar["note"] else "")
        value = "-" if bar["value"] is None else f"{bar['value']:.3g}"
        met = {True: "yes", False: "**no**", None: "not measured"}[bar["met"]]
        lines.append(
            f"| {bar['case']} | {bar['size']} | {bar['severity']} | {text} | {value} | {met} |"
        )
    return "\n".join(lines)


def _missed(bars: Sequence[Record]) -> str:
    """What stops each bar that is not met: where the time goes, and what the machine allows."""
    lines = []
    for bar in bars:
        if bar["met"] is not False or not bar.get("profile"):
            continue
        found = bar["profile"]
        where = " ".join(filter(None, (bar["case"], bar["size"], bar["severity"])))
        parts = [f"{found['seconds']:.3g} s, {found['peak_mb']:.0f} MB"]
        if found["limit_seconds"] is not None:
            share = found["limit_seconds"] / found["seconds"]
            parts.append(
                f"the machine's limit for its work is {found['limit_seconds']:.2g} s "
                f"({100 * share:.0f} %: {found['limited_by']})"
            )
        parts += [f"{key} {_short(value)}" for key, value in found["facts"].items()]
        parts += [f"{name} {seconds:.3g} s" for name, seconds in found["beside"].items()]
        lines.append(f"- **{where}**: {'; '.join(parts)}. {bar['stops']}".rstrip())
    return "\n".join(["### What stops the bars that are not met", "", *lines]) if lines else ""


def _family(family: str, records: Sequence[Record]) -> str:
    lines = [f"### {family}"]
    tasks: dict[str, list[Record]] = {}
    for record in records:
        if record["status"] == "ok":
            tasks.setdefault(record["case"], []).append(record)
    for case, measured in tasks.items():
        lines += [
            "",
            f"**{case}**: {measured[0]['task']}",
            "",
            COLUMNS,
            "|---|---|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        ours = {
            (r["size"], r["severity"]): r["warm_seconds"] for r in measured if r["actor"] == OURS
        }
        for record in measured:
            lines.append(_row(record, ours.get((record["size"], record["severity"]))))
    return "\n".join(lines) if tasks else ""


def _row(record: Record, ours: float | None) -> str:
    warm = record["warm_seconds"]
    ratio = "-" if ours is None or record["actor"] == OURS else f"{warm / ours:.3g}"
    fraction = record.get("fraction_of_limit")
    difference = record.get("difference")
    facts = ", ".join(f"{key} {_short(value)}" for key, value in record["facts"].items())
    return (
        f"| {record['size']} | {record['severity']} | {record['actor']} "
        f"| {record['cold_seconds']:.3g} | {warm:.3g} | {ratio} | {record['peak_mb']:.0f} "
        f"| {'-' if fraction is None else f'{100 * fraction:.0f} %'} "
        f"| {'-' if difference is None else f'{difference:.0e}'} | {facts} |"
    )


def _short(value: float | str) -> str:
    return f"{value:.1e}" if isinstance(value, float) else str(value)


def _left_out(results: Sequence[Record]) -> str:
    reasons: dict[tuple[str, str], list[str]] = {}
    for record in results:
        if record["status"] != "ok":
            where = f"{record['case']} {record['size']} {record['severity']}".strip()
            reasons.setdefault((record["actor"], record["reason"]), []).append(where)
    if not reasons:
        return ""
    lines = ["## Left out", ""]
    for (actor, reason), places in reasons.items():
        shown = ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
        lines.append(f"- {actor}: {reason} ({shown})")
    return "\n".join(lines)
