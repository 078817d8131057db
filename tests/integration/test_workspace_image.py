"""What is true inside the image of workspaces, runs and the gate's containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from packaging.markers import Marker

from hub.domain.workspaces import PRECHECK
from hub.gate.exchange import CheckRequest
from hub.policy.load import load_profile
from hub.setup.image import CURRENT, PACKAGES

ROOT = Path(__file__).parents[2]
PERSON = "200123:200123"
HARDENED: dict[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "tmpfs": {"/tmp": "rw,nosuid,nodev,noexec,size=256m"},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "init": True,
    "user": PERSON,
    "labels": {"datalab": "test"},
}

FACTS = """
import glob, importlib, importlib.metadata, json, os, pkgutil, platform, stat, sys

def walk():
    for top, folders, files in os.walk("/", onerror=lambda error: None):
        if top == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "dev", "tmp")]
        for name in folders + files:
            path = os.path.join(top, name)
            yield path, os.lstat(path)

found = [(path, info) for path, info in walk() if not stat.S_ISLNK(info.st_mode)]
sources = [os.path.realpath(path) for path in glob.glob("/opt/datalab/**/lib/**/*.py", recursive=True)]
compiled = {path for path, _ in found if path.endswith(".cpython-%d%d.pyc" % sys.version_info[:2])}

def cache(path):
    return importlib.util.cache_from_source(path)

def flags(path):
    with open(path, "rb") as file:
        return int.from_bytes(file.read(8)[4:], "little")

modules = []
for name in ("hub.domain", "hub.policy", "hub.gate", "hub.sandbox", "datasets_mount"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
        modules.append(module.name)

print(json.dumps({
    "setuid": [path for path, info in found if stat.S_ISREG(info.st_mode) and info.st_mode & 0o6000],
    "open": sorted(path for path, info in found if info.st_mode & 0o002 and not stat.S_ISCHR(info.st_mode)),
    "unreadable": [path for path, info in found if path.startswith("/opt/") and not info.st_mode & 0o004],
    "not_root": [path for path, info in found if path.startswith(("/opt/", "/usr/")) and info.st_uid],
    "uncompiled": [path for path in sources if cache(path) not in compiled],
    "compared": [path for path in compiled if path.startswith("/opt/") and flags(path) != 1],
    "versions": {d.metadata["Name"].lower().replace("_", "-").replace(".", "-"): d.version
                 for d in importlib.metadata.distributions()},
    "modules": modules,
    "python": platform.python_version(),
    "prefix": sys.prefix,
    "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "first": open("/proc/1/comm").read().strip(),
    "programs": [name for name in ("apt", "apt-get", "pip", "pip3", "uv", "perl5.36", "sudo", "gcc", "curl", "wget")
                 if any(os.path.exists(os.path.join(folder, name)) for folder in os.environ["PATH"].split(":"))],
    "lists": [path for path, _ in found if path.startswith("/var/lib/apt/lists/") and path.endswith("Packages")],
    "environment": dict(os.environ),
}))
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def run(engine: docker.DockerClient, code: str, **changes: Any) -> str:
    """The output of a Python program in a hardened container of the image."""
    options = HARDENED | changes
    return engine.containers.run(CURRENT, ["python", "-c", code], remove=True, **options).decode()


@pytest.fixture(scope="module")
def facts(engine: docker.DockerClient) -> dict[str, Any]:
    return json.loads(run(engine, FACTS))


def test_no_file_runs_as_somebody_else(facts: dict[str, Any]) -> None:
    assert facts["setuid"] == []


def test_only_folders_for_passing_things_are_open_to_all(facts: dict[str, Any]) -> None:
    assert set(facts["open"]) <= {"/run/lock", "/var/tmp"}


def test_everything_of_the_lab_is_readable_by_every_uid(facts: dict[str, Any]) -> None:
    assert facts["unreadable"] == []


def test_programs_and_code_belong_to_root(facts: dict[str, Any]) -> None:
    assert facts["not_root"] == []


def test_everything_is_compiled_and_never_compared_with_its_source(facts: dict[str, Any]) -> None:
    assert facts["uncompiled"] == []
    assert facts["compared"] == []


def test_versions_are_those_of_the_lock_and_no_others(facts: dict[str, Any]) -> None:
    locked = {}
    python = {"python_full_version": facts["python"], "python_version": ".".join(facts["python"].split(".")[:2])}
    text = (ROOT / "images/workspace/requirements.lock").read_text()
    for name, version, marker in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)(?: ; ([^\\\n]+))?", text, re.MULTILINE):
        if not marker or Marker(marker.strip()).evaluate(python):
            locked[name] = version
    assert len(locked) > 100
    assert facts["versions"] == locked


def test_what_the_lab_promises_to_scientists_is_there(engine: docker.DockerClient) -> None:
    names = (
        "jupyterhub jupyterlab ipykernel papermill polars pandas pyarrow pydantic PIL matplotlib.pyplot numpy.testing"
    )
    run(engine, "\n".join(f"import {name}" for name in names.split()))


def test_the_labs_rules_and_sandbox_programs_are_there(facts: dict[str, Any]) -> None:
    programs = {f"hub.sandbox.{path.stem}" for path in (ROOT / "hub/sandbox").glob("[!_]*.py")}
    assert programs
    assert programs <= set(facts["modules"])
    assert "hub.domain.work" in facts["modules"]


def test_no_code_that_talks_to_the_host_is_there(facts: dict[str, Any]) -> None:
    kept = {name.split("/")[1] for name in PACKAGES} - {"__init__.py"}
    assert {name.split(".")[1] for name in facts["modules"] if name.startswith("hub.")} == kept


def test_neither_package_managers_nor_compilers_are_there(facts: dict[str, Any]) -> None:
    assert facts["programs"] == []
    assert facts["lists"] == []


def test_it_runs_under_any_uid_with_the_engines_init(facts: dict[str, Any]) -> None:
    assert facts["ids"] == [200123, 200123, [200123]]
    assert facts["first"] in {"docker-init", "tini"}
    assert facts["prefix"] == "/opt/datalab/venv"


def test_whatever_programs_write_by_themselves_goes_below_tmp(facts: dict[str, Any]) -> None:
    for name in ("HOME", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR"):
        assert facts["environment"][name].startswith("/tmp")


def test_without_being_told_it_runs_as_nobody(engine: docker.DockerClient) -> None:
    assert run(engine, "import os; print(os.getuid(), os.getgid())", user=None).split() == ["65534", "65534"]


def test_every_image_of_the_lab_carries_the_label(engine: docker.DockerClient) -> None:
    made = json.loads((ROOT / ".cache/images.json").read_text())
    assert set(made) == {"base", "environment", "workspace"}
    for name, image in made.items():
        assert engine.images.get(image["id"]).labels.get("datalab") == "image", name


def test_matplotlib_draws_without_a_screen(engine: docker.DockerClient) -> None:
    code = """
import io
from matplotlib import pyplot
pyplot.plot([1, 2])
file = io.BytesIO()
pyplot.savefig(file, format="png")
print(file.getvalue()[:4], pyplot.get_backend())
"""
    assert run(engine, code).split() == ["b'\\x89PNG'", "agg"]


LAB = """
import json, os, subprocess, sys, time, urllib.request
words = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.port=8888", "--IdentityProvider.token="]
server = subprocess.Popen(words, stderr=subprocess.DEVNULL)
for _ in range(200):
    try:
        urllib.request.urlopen("http://127.0.0.1:8888/api")
        break
    except OSError:
        time.sleep(0.1)
get = lambda path: urllib.request.urlopen("http://127.0.0.1:8888/" + path).read().decode()
setting = json.loads(get("lab/api/settings/@jupyterlab/translation-extension:plugin"))
page = json.loads(get("lab").split('id="jupyter-config-data" type="application/json">')[1].split("</script>")[0])
print(json.dumps({
    "locale": setting["schema"]["properties"]["locale"]["default"],
    "languages": list(json.loads(get("lab/api/translations/"))["data"]),
    "french": len(json.loads(get("lab/api/translations/fr_FR"))["data"]),
    "page": page,
}))
server.terminate()
server.wait()
"""


@pytest.mark.parametrize(("language", "locale"), [("fr", "fr_FR"), ("en", "en")])
def test_jupyterlab_speaks_french_or_english_and_asks_nobody_for_news(
    engine: docker.DockerClient, language: str, locale: str
) -> None:
    chosen = {"JUPYTER_CONFIG_PATH": f"/opt/datalab/languages/{language}"}
    said = json.loads(run(engine, LAB, environment=chosen))
    assert said["locale"] == locale
    assert set(said["languages"]) == {"en", "fr_FR"}
    assert said["french"] > 0
    assert "@jupyterlab/apputils-extension:announcements" in said["page"]["disabledExtensions"]
    assert "@jupyterlab/extensionmanager-extension:plugin" in said["page"]["disabledExtensions"]
    assert said["page"]["terminalsAvailable"] is True


def test_the_gate_s_pre_check_runs_in_the_image(engine: docker.DockerClient) -> None:
    told = CheckRequest(files=(), policy=load_profile("uk-sacro")).model_dump_json()
    words = "printf 'x,n\\na,3\\n' > /tmp/t.csv; datalab gate check /tmp/t.csv; echo $?; datalab run list 2>&1; echo $?"
    options = HARDENED | {"environment": {PRECHECK: told}}
    said = engine.containers.run(CURRENT, ["sh", "-c", words], remove=True, **options).decode().splitlines()
    assert any("BLOCK  minimum-frequency" in line for line in said)
    assert (said[-3], said[-2].startswith("datalab: in a workspace"), said[-1]) == ("2", True, "3")
