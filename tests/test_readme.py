import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_screen_has_both_commands():
    first_screen = README.splitlines()[:40]
    assert any(line.startswith("make demo") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)


def test_the_example_runs_as_printed(tmp_path):
    example = re.search(r"```python\n(import hinterland.*?)```", README, flags=re.DOTALL)[1]
    assert len(example.strip().splitlines()) <= 11
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "intraregional" in done.stdout
    gain = re.search(r"real consumption ([+-][\d.]+) million yuan 2020", done.stdout)
    assert float(gain[1]) > 0.0


def test_every_file_the_readme_and_the_docs_point_to_exists():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_every_file_the_method_page_names_exists():
    page = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`((?:io_tables|networks|model)/[\w./]+)`", page))
    assert len(names) > 30
    missing = [name for name in names if not (ROOT / name).exists()]
    assert not missing
