"""Digests, archives, locks and the other small things that set-up rests on."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
import tarfile
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from hub.setup import archives, digests, lock, node, python_index
from hub.setup.places import Places
from hub.setup.steps import SetupError

ROOT = Path(__file__).parents[4]
STOCK = ROOT / "images/stock/requirements.lock"
LOCKS = [*sorted((ROOT / "hub/locks").glob("*.txt")), ROOT / "images/workspace/requirements.lock", STOCK]


def test_set_up_rests_on_the_standard_library_alone() -> None:
    for path in [*(ROOT / "hub/setup").glob("*.py"), ROOT / "hub/accounts.py"]:
        for statement in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            names += [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
            for name in names:
                ours = name == "hub.accounts" or name.startswith("hub.setup")
                assert ours or name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


@pytest.mark.parametrize("path", [path for path in LOCKS if path.name != "excluded.txt"], ids=lambda path: path.name)
def test_a_lock_has_a_digest_for_every_package_and_names_no_host(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert packages
    assert all("==" in line and "--hash=sha256:" in line for line in packages)
    assert not re.search(r"https?://|--index|--find-links|--trusted-host", text)
    assert bool(re.search(r"^(rfc3987-syntax|lark)==", text, re.MULTILINE)) is (path == STOCK)


def test_the_proxys_lock_has_digests_and_names_no_registry() -> None:
    packages = json.loads((ROOT / "hub/setup/proxy/package-lock.json").read_text())["packages"]
    ours = packages.pop("")
    assert ours["dependencies"] == {"configurable-http-proxy": "5.3.0"}
    assert packages
    assert all(
        package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages.values()
    )


def test_hub_and_workspace_have_the_same_versions_of_what_both_have() -> None:
    def versions(path: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / path).read_text(), re.MULTILINE):
            found.setdefault(name, set()).add(version)
        return found

    hub, dev, workspace = (versions(made.path) for made in lock.LOCKS[1:4])
    assert hub.keys() <= dev.keys()
    assert {"jupyterhub", "polars", "pydantic", "pillow"} <= hub.keys() & workspace.keys()
    for name in hub.keys() & dev.keys():
        assert dev[name] == hub[name]
    for name in hub.keys() & workspace.keys():
        assert workspace[name] == hub[name]


@pytest.mark.parametrize("name", ["hub.txt", "dev.txt"])
def test_every_requirement_of_the_project_is_locked_at_an_allowed_version(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["demo"]
    wanted += project["dependency-groups"]["dev"] if name == "dev.txt" else []
    locked = (ROOT / "hub/locks" / name).read_text()
    for requirement in map(Requirement, wanted):
        found = re.findall(rf"^{requirement.name}==([^ ;]+)", locked, re.MULTILINE)
        assert found, requirement.name
        assert all(requirement.specifier.contains(version, prereleases=True) for version in found), requirement


def test_locks_are_made_without_a_word_on_where_packages_come_from() -> None:
    for made in lock.LOCKS:
        words = lock.command(Path("uv"), made)
        assert {"--generate-hashes", "--no-emit-index-url", "--no-header", "--universal"} <= set(words)
        assert ("--excludes=hub/locks/excluded.txt" in words) is (ROOT / made.path != STOCK)


def test_what_workspaces_are_measured_against_has_their_versions() -> None:
    stock, workspace = (
        dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", path.read_text(), re.MULTILINE))
        for path in (STOCK, ROOT / "images/workspace/requirements.lock")
    )
    assert {"jupyterhub", "jupyterlab", "ipykernel", "polars", "pandas"} <= stock.keys()
    assert {name for name in stock.keys() & workspace.keys() if stock[name] != workspace[name]} == set()
    assert stock.keys() - workspace.keys() == {"lark", "rfc3987-syntax"}


def test_a_digest_does_not_depend_on_the_order_of_inputs() -> None:
    assert digests.digest_of({"a": "1", "b": "2"}) == digests.digest_of({"b": "2", "a": "1"})
    assert digests.digest_of({"a": "1"}) != digests.digest_of({"a": "2"})


def test_a_place_that_is_not_there_is_no_empty_input(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digests.file_digests(tmp_path, "gone")


def test_a_renamed_file_is_another_input(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = digests.file_digests(tmp_path, ".")
    (tmp_path / "a").rename(tmp_path / "b")
    assert digests.file_digests(tmp_path, ".") != before


def test_an_archive_of_the_same_files_is_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    with archives.archive({"opt/lib/a": path, "opt/b": path}) as first:
        before = first.read()
    path.chmod(0o600)
    path.touch()
    with archives.archive({"opt/b": path, "opt/lib/a": path}) as second:
        assert second.read() == before


def test_an_archive_is_of_root_and_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    path.chmod(0o600)
    with archives.archive({"opt/lib/a": path}) as packed, tarfile.open(fileobj=packed) as tar:
        found = {entry.name: (entry.uid, oct(entry.mode)) for entry in tar}
    assert found == {"opt": (0, "0o755"), "opt/lib": (0, "0o755"), "opt/lib/a": (0, "0o644")}


@pytest.mark.parametrize("version", ["v18.20.4\n", "v22.1.0"])
def test_a_new_enough_node_is_taken(version: str) -> None:
    node.check_version(version)


@pytest.mark.parametrize("version", ["v16.0.0", "", "what"])
def test_an_old_node_is_refused(version: str) -> None:
    with pytest.raises(SetupError, match="needs 18 or newer"):
        node.check_version(version)


def test_the_proxy_is_installed_again_when_its_lock_changes(places: Places) -> None:
    before = node.inputs(places)
    (places.proxy / "package-lock.json").write_text("{}")
    assert node.inputs(places) != before


LISTING = ":env:.cert='/env.pem'\nglobal.cert='/file.pem'\nglobal.index-url='https://mirror.example/simple'\n"


def test_pips_mirror_and_certificate_are_handed_on_to_uv() -> None:
    found = python_index.for_uv(python_index.parse(LISTING), {})
    assert found["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert found["SSL_CERT_FILE"] == "/env.pem"


def test_what_a_person_set_for_uv_stays() -> None:
    found = python_index.for_uv(python_index.parse(LISTING), {"UV_DEFAULT_INDEX": "https://own.example/simple"})
    assert "UV_DEFAULT_INDEX" not in found


def prune_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prune", ROOT / "images/workspace/prune.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pruning_takes_tests_and_leaves_what_jupyterlab_reads(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    for name in ("a/tests/t.py", "a/b.py", "a/c.h", "jupyterlab/staging/tests/package.json", "numpy/_core/tests/n.py"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    info = packages / "a-1.dist-info"
    info.mkdir()
    (info / "uv_cache.json").touch()
    (info / "RECORD").write_text("a/b.py,sha256=x,0\na/tests/t.py,sha256=y,0\na-1.dist-info/uv_cache.json,,\n")
    unused = [tmp_path / name for name in prune_script().UNUSED]
    for path in (unused[0], unused[1] / "package.json"):
        path.parent.mkdir(parents=True)
        path.touch()
    prune_script().main(tmp_path)
    assert not any(path.exists() for path in unused)
    left = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    kept = {"jupyterlab/staging/tests/package.json", "numpy/_core/tests/n.py", "a/b.py", "a-1.dist-info/RECORD"}
    assert left == kept
    assert (info / "RECORD").read_text() == "a/b.py,sha256=x,0\n"
