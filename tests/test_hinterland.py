import subprocess
import sys
from pathlib import Path

import hinterland as hl

ROOT = Path(hl.__file__).parent


def test_every_public_name_is_there():
    missing = [name for name in hl.__all__ if not hasattr(hl, name)]
    assert not missing


def run_in(folder, code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_a_users_own_model_py_is_named_and_the_way_out_is_told(tmp_path):
    (tmp_path / "model.py").write_text("x = 1\n")
    done = run_in(tmp_path, "import hinterland")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert str(tmp_path / "model.py") in last
    assert "rename that file" in last


def test_a_users_own_networks_package_is_named(tmp_path):
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / "__init__.py").write_text("")
    done = run_in(tmp_path, "import hinterland")
    assert done.returncode != 0
    assert str(tmp_path / "networks") in done.stderr


def test_importing_draws_in_no_plotting_and_no_gpl_library(tmp_path):
    heavy = ["matplotlib", "igraph", "geopandas", "networkx"]
    code = f"import sys, hinterland; print([m for m in {heavy} if m in sys.modules])"
    done = run_in(tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
