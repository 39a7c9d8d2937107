"""What the machine offers is asked for, and guessed with care where it does not tell."""

from __future__ import annotations

import os

import pytest

from model.errors import TooLarge
from model.leontief import machine
from model.solve import Leontief


def test_memory_is_told_or_guessed(monkeypatch, tmp_path):
    told = machine.free_memory()
    assert told > 2**20
    file = tmp_path / "meminfo"
    file.write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n", encoding="ascii")
    monkeypatch.setattr(machine, "_MEMINFO", file)
    assert machine.free_memory() == 2048 * 1024
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "none")
    assert machine.free_memory() > 2**20
    monkeypatch.delattr(os, "sysconf")
    assert machine.free_memory() == machine.UNKNOWN


def test_an_inverse_that_this_machine_cannot_hold_is_refused(monkeypatch):
    monkeypatch.setattr("model.solve.free_memory", lambda: 1000)
    with pytest.raises(TooLarge, match=r"columns\(labels\)"):
        Leontief([[0.05] * 12 for _ in range(12)]).inverse()


def test_threads_are_those_allowed(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert machine.threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert machine.threads() >= 1
