"""Two results beside each other: what became faster, slower, larger or different.

Question owned: what changed since an earlier run on the same machine?
"""

from __future__ import annotations

from typing import Any

SLOWER = 1.25
"""A ratio of seconds or memory above which a line is marked."""


def compare_results(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Lines of a Markdown table over what both results measured, ours only; then what is not."""
    before = {_key(r): r for r in old["results"] if r["status"] == "ok"}
    lines = [
        "| case | size | severity | seconds before | now | ratio | MB before | now | answer |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    missing = []
    for record in new["results"]:
        if record["actor"] != "hinterland" or record["status"] != "ok":
            continue
        other = before.get(_key(record))
        if other is None:
            missing.append(f"{record['case']} {record['size']} {record['severity']}".strip())
            continue
        ratio = record["warm_seconds"] / other["warm_seconds"]
        mark = " slower" if ratio > SLOWER else " faster" if ratio < 1 / SLOWER else ""
        lines.append(
            f"| {record['case']} | {record['size']} | {record['severity']} "
            f"| {other['warm_seconds']:.4g} | {record['warm_seconds']:.4g} | {ratio:.2f}{mark} "
            f"| {other['peak_mb']:.0f} | {record['peak_mb']:.0f} | {_same(other, record)} |"
        )
    if old.get("machine", {}).get("processor") != new.get("machine", {}).get("processor"):
        lines += ["", "The two results are from different processors: seconds do not compare."]
    if missing:
        lines += ["", f"Not in the earlier result: {', '.join(sorted(set(missing)))}."]
    return lines


def _key(record: dict[str, Any]) -> tuple[str, str, str, str]:
    return record["case"], record["size"], record["severity"], record["actor"]


def _same(old: dict[str, Any], new: dict[str, Any]) -> str:
    if old["checksum"] == new["checksum"]:
        return "same bits"
    size = max(abs(old["total"]), abs(new["total"])) or 1.0
    return f"total differs by {abs(old['total'] - new['total']) / size:.0e}"
