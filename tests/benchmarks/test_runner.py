"""The runner: failures, differences and changing bits are told; bars are judged."""

from __future__ import annotations

import itertools

import numpy as np

from benchmarks import child, runner
from benchmarks.bars import judge
from benchmarks.case import FORCED, OURS, Actor, Answer, Bar, Case, Setting, Severity, Size, Skip
from benchmarks.machine import limit_seconds
from benchmarks.registry import find

SETTING = Setting(Size(2, 3), Severity())
MACHINE = {
    "multiply_gflops": 10.0,
    "bandwidth_gb_s": [
        {"megabytes": 1.0, "triad": 100.0, "dot": 80.0},
        {"megabytes": 64.0, "triad": 10.0, "dot": 20.0},
    ],
}


def actor(run, **more):
    return Actor(lambda setting: None, run, lambda given, found: Answer(found), **more)


def measured(run, **more):
    return child.measure(actor(run, **more), SETTING, 3, 1.0, 0)


def fails(given):
    raise ValueError("no such thing")


def skips(given):
    raise Skip("the table is not there")


def record(name, seconds, **more):
    base = {"case": "a/b", "size": "2x3", "severity": "", "actor": name, "status": "ok"}
    return base | {"warm_seconds": seconds, "peak_mb": 5.0} | more


def test_an_error_is_a_record_with_its_reason():
    found, probe = measured(fails)
    assert found["status"] == "error"
    assert found["reason"].startswith("ValueError: no such thing (test_runner.py:")
    assert probe is None


def test_what_cannot_run_is_skipped_with_the_reason():
    assert measured(skips)[0] == {"status": "skipped", "reason": "the table is not there"}
    reason = measured(fails, needs=("surely_not_installed",))[0]["reason"]
    assert reason == "surely_not_installed is not installed"
    assert "above 5 rows" in measured(fails, largest=5)[0]["reason"]


def test_cold_and_warm_are_apart_and_bits_are_compared():
    found, probe = measured(lambda given: np.arange(3.0))
    assert found["status"] == "ok"
    assert found["repeats"] == 3
    assert found["same_bits"]
    assert probe.tolist() == [0.0, 1.0, 2.0]
    counter = itertools.count()
    changing, _ = measured(lambda given: np.full(2, float(next(counter))))
    assert not changing["same_bits"]


def test_peak_memory_is_that_of_the_run():
    found, _ = measured(lambda given: np.ones(5_000_000).sum(keepdims=True))
    if found["peak_is_of_run"]:
        grown = found["peak_mb"] - found["input_mb"]
        assert 35.0 < grown < 80.0


def test_answers_are_compared_relative_to_the_largest_number():
    one, two = np.array([100.0, 1.0]), np.array([100.0, 1.0 + 1e-5])
    assert runner.compare(one, two, 1e-6)["agrees"]
    assert not runner.compare(one, two, 1e-8)["agrees"]
    assert not runner.compare(one, two[:1], 1.0)["agrees"]
    assert not runner.compare(one, np.array([np.nan, 1.0]), 1.0)["agrees"]


def test_failures_name_case_actor_and_reason():
    lines = runner.failures(
        [
            record(OURS, 1.0, same_bits=False),
            record("peer", 1.0, agrees=False, difference=0.5),
            {**record("other", 1.0), "status": "error", "reason": "boom"},
            {**record("absent", 1.0), "status": "skipped", "reason": "not installed"},
        ]
    )
    assert lines == [
        "a/b 2x3, hinterland: repeated runs gave different bits",
        "a/b 2x3, peer: differs from ours by 5.0e-01",
        "a/b 2x3, other: boom",
    ]


def test_bars_are_met_missed_or_not_measured():
    ours = record(OURS, 2.0, fraction_of_limit=0.4)
    results = [ours, record("peer", 10.0), record(FORCED + "x", 1.9), record(FORCED + "y", 3.0)]
    bars = (
        Bar("2x3", "ratio", 4.0, against="peer"),
        Bar("2x3", "ratio", 6.0, against="peer"),
        Bar("2x3", "ratio", 1 / 1.1, against="best forced method"),
        Bar("2x3", "ratio", 0.5, against="physical limit"),
        Bar("2x3", "seconds", 2.5),
        Bar("2x3", "MB", 4.0),
        Bar("9x9", "seconds", 1.0),
    )
    case = Case("a/b", "a task", (SETTING.size,), {OURS: actor(fails)}, bars=bars)
    met = [bar["met"] for bar in judge([case], results)]
    assert met == [True, False, True, False, True, False, None]


def test_the_choice_is_judged_by_the_method_chosen_not_by_noise():
    bar = Bar("2x3", "ratio", 1 / 1.1, against="best forced method")
    case = Case("a/b", "a task", (SETTING.size,), {OURS: actor(fails)}, bars=(bar,))
    forced = [record(FORCED + "krylov", 1.0), record(FORCED + "direct", 3.0)]
    noisy = record(OURS, 2.0, facts={"method": "krylov"})
    wrong = record(OURS, 2.0, facts={"method": "direct"})
    assert judge([case], [noisy, *forced])[0]["value"] == 1.0
    assert judge([case], [wrong, *forced])[0]["met"] is False


def test_the_limit_is_the_slower_of_arithmetic_and_memory():
    small = {"flops": 1e10, "bytes": 1e9, "resident": 5e5}
    assert limit_seconds(small, MACHINE) == 1.0
    assert limit_seconds(small | {"flops": 0.0}, MACHINE) == 0.01
    assert limit_seconds(small | {"flops": 0.0, "resident": 1e9}, MACHINE) == 0.05
    assert limit_seconds(None, MACHINE) is None


def test_a_case_runs_in_a_process_of_its_own():
    case = find("pooled/inverse")
    plan = runner.Plan("smoke", 1, (case,))
    records = runner.run_setting(plan, case, case.settings("smoke")[0], together=True)
    assert [r["status"] for r in records] == ["ok", "ok"]
    assert records[1]["agrees"]
    assert not runner.failures(records)
