import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_the_embedded_data_and_no_build_scripts(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    needed = {
        "hinterland.py",
        "io_tables/china/figures/national_2020.csv",
        "io_tables/china/odbl/trade_costs.csv",
        "io_tables/china/odbl/LICENSE",
        "networks/china/places.csv",
        "networks/china/rail_links.csv",
        "networks/china/odbl/road_links.csv",
        "networks/china/odbl/LICENSE",
        "networks/parameters.csv",
        "model/parameters.csv",
        "model/scenarios/demo.toml",
        "model/report/strings_en.toml",
    }
    assert not needed - set(names)
    assert not [n for n in names if "/china/build" in n or n.startswith(("tests", "benchmarks"))]
