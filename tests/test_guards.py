"""What the code must not do: imports across layers, heavy imports, unpinned packages."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    ("errors",),
    ("data",),
    ("phantoms",),
    ("models",),
    ("records", "systems"),
    ("explain",),
    ("trust",),
    ("training",),
    ("reports",),
    ("archive",),
    ("runtime",),
    ("commands",),
    ("__main__", "__init__"),
)
"""Lowest first, as docs/architecture.md names them; imports go within a layer or downwards."""


def imported(path: Path) -> set[str]:
    """The first names below `xattn` that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xattn."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "xattn":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("xattn.")}
    return found


def test_layers_import_only_downwards():
    height = {name: level for level, names in enumerate(LAYERS) for name in names}
    upward = []
    for path in sorted((ROOT / "xattn").rglob("*.py")):
        own = path.relative_to(ROOT / "xattn").parts[0].removesuffix(".py")
        upward += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imported(path)
            if height[own] < height.get(name, 0)
        ]
    assert upward == []


def test_every_module_belongs_to_a_layer():
    names = {
        p.name.removesuffix(".py") for p in (ROOT / "xattn").iterdir() if p.name != "__pycache__"
    }
    assert names == {name for layer in LAYERS for name in layer}


def test_the_library_never_names_streamlit_and_pages_never_name_torch():
    for path in (ROOT / "xattn").rglob("*.py"):
        assert "import streamlit" not in path.read_text(), path
    for path in (ROOT / "pages").rglob("*.py"):
        assert not re.search(r"^\s*(import|from) torch", path.read_text(), re.MULTILINE), path


@pytest.mark.parametrize("package", ["torch", "streamlit", "numpy", "pydicom"])
def test_importing_xattn_loads_nothing_heavy(package: str):
    code = f"import sys, xattn; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_requirement_is_pinned_and_named_in_the_architecture():
    explained = (ROOT / "docs" / "architecture.md").read_text().lower()
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.fullmatch(r"[\w-]+(\[\w+\])?==[\w.]+", line), line
                assert re.split(r"[\[=]", line)[0] in explained, line


def test_the_version_is_one():
    import xattn

    assert (
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        == xattn.__version__
    )


def test_the_list_of_commands_and_options_is_as_documented():
    listed = subprocess.run(
        [sys.executable, "-m", "xattn", "--help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    commands = re.findall(r"^    (\w+)(?: |$)", listed, re.MULTILINE)
    assert commands == [
        "app",
        "predict",
        "explain",
        "report",
        "train",
        "evaluate",
        "crossvalidate",
        "card",
        "phantoms",
        "audit",
        "replay",
        "people",
        "export",
        "cohort",
        "sign",
        "operating",
    ]
