"""The page of results: same document, same text; and the command line around it."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import main
from benchmarks.compare import compare_results
from benchmarks.render import joined, render


def record(actor, seconds, **more):
    base = {
        "case": "pooled/one-demand", "task": "output for one demand vector", "size": "2x3",
        "rows": 6, "severity": "", "actor": actor, "status": "ok", "cold_seconds": 2 * seconds,
        "warm_seconds": seconds, "best_seconds": seconds, "peak_mb": 12.0, "checksum": "aa",
        "total": 5.0, "facts": {"method": "krylov", "bound": 1e-11},
    }  # fmt: skip
    return base | more


@pytest.fixture
def document():
    return {
        "schema": 1,
        "mode": "quick",
        "threads": 2,
        "seconds": 3.0,
        "machine": {
            "processor": "a processor",
            "system": "a system",
            "cores": 2,
            "memory_gb": 8.0,
            "last_cache_mb": 32.0,
            "blas": "a BLAS 1.0",
            "python": "3.11",
            "versions": {"numpy": "2.0"},
            "multiply_gflops": 50.0,
            "bandwidth_gb_s": [{"megabytes": 1.0, "triad": 100.0, "dot": 90.0}],
        },
        "results": [
            record("hinterland", 0.01, fraction_of_limit=0.61),
            record("numpy inv", 1.0, agrees=True, difference=2e-13),
            {**record("pymrio", 1.0), "status": "skipped", "reason": "pymrio is not installed"},
        ],
        "bars": [
            {
                "case": "pooled/one-demand",
                "size": "2x3",
                "severity": "",
                "kind": "ratio",
                "against": "numpy inv",
                "limit": 100.0,
                "value": 100.0,
                "met": True,
                "note": "",
            }
        ],
    }


def test_the_same_document_gives_the_same_text(document):
    page = render(document)
    assert page == render(json.loads(json.dumps(document)))
    for part in ("generated", "a processor", "61 %", "| 100 |", "pymrio is not installed", "2e-13"):
        assert part in page


def test_the_page_is_written_where_it_is_wanted(document, tmp_path):
    source, page = tmp_path / "results.json", tmp_path / "docs" / "page.md"
    source.write_text(json.dumps(document), encoding="utf-8")
    assert main(["--render", str(source), "--to", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == render(document)


def test_two_results_are_compared_case_by_case(document):
    slower = json.loads(json.dumps(document))
    slower["results"][0] |= {"warm_seconds": 0.02, "checksum": "bb"}
    lines = compare_results(document, slower)
    assert "2.00 slower" in lines[2]
    assert "total differs by 0e+00" in lines[2]
    assert "same bits" in compare_results(document, document)[2]


def test_what_is_not_there_is_one_line_and_exit_code_two(tmp_path, capsys):
    assert main(["--render", str(tmp_path / "none.json")]) == 2
    assert main(["--case", "no/such"]) == 2
    assert "is not there" in capsys.readouterr().err


def test_runs_on_one_machine_share_a_page_and_the_later_one_counts(document):
    other = json.loads(json.dumps(document))
    other["mode"] = "quick"
    for one in (*other["results"], *other["bars"]):
        one["case"] = one["case"].replace(one["case"].split("/")[0], "other")
    later = json.loads(json.dumps(other)) | {"mode": "full"}
    later["results"][0]["warm_seconds"] = 123.0
    both = joined([document, other, later])
    assert len(both["results"]) == len(document["results"]) + len(other["results"])
    assert both["seconds"] == pytest.approx(3 * document["seconds"])
    assert "full: other" in both["mode"] or "other" in both["mode"].split("full: ")[1]
    assert any(one["warm_seconds"] == 123.0 for one in both["results"])
    assert joined([document]) is document
    with pytest.raises(ValueError, match="threads"):
        joined([document, later | {"threads": 99}])
