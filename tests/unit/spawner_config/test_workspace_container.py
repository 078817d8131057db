"""What a workspace's container is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from datasets_mount.mounts import Mount
from hub.domain.workspaces import PRECHECK
from hub.services.workspaces import WorkspacePlan
from hub.settings import Login, Settings
from spawner_config.isolation import container_body
from spawner_config.lab_containers import LABEL_PLAN
from spawner_config.names import server_id
from spawner_config.workspace_container import server_environment, told_at_claim, workspace_spec

SETTINGS = Settings(state=Path("/srv/lab"), login=Login(demo=True))
PLAN = WorkspacePlan(
    "scientist", "health", "datalab/workspace:current", 200_001, Tier.SENSITIVE, (Mount("/srv/lab/rand", "/data/rand"),)
)
HUB_SAYS = {
    "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api",
    "JUPYTERHUB_API_TOKEN": "one",
    "JPY_API_TOKEN": "one",
    "JUPYTERHUB_PUBLIC_URL": None,
}


def digest(plan: WorkspacePlan = PLAN, command: tuple[str, ...] = ("x",), image: str = "i") -> str:
    return workspace_spec(plan, SETTINGS, command, image).labels[LABEL_PLAN]


def test_a_server_reaches_the_hub_by_its_own_socket_alone() -> None:
    told = server_environment(HUB_SAYS, "scientist", "health")
    assert told["JUPYTERHUB_API_URL"] == "http+unix://%2Frun%2Fhub%2Fapi.sock/hub/api"
    assert told["JUPYTERHUB_ACTIVITY_URL"].endswith("/hub/api/users/scientist/activity")
    assert "8081" not in "".join(told.values())
    assert "JUPYTERHUB_PUBLIC_URL" not in told


def test_a_workspace_has_its_plans_folders_and_two_of_sockets() -> None:
    mounts = workspace_spec(PLAN, SETTINGS, ("x",), "i").mounts
    folder = f"/srv/lab/servers/{server_id('scientist', 'health')}"
    assert mounts == (
        Mount("/srv/lab/rand", "/data/rand"),
        Mount(f"{folder}/nb", "/run/nb", writable=True),
        Mount(f"{folder}/hub", "/run/hub"),
    )


def test_the_description_is_one_that_isolation_takes_and_holds_nothing_that_the_hub_said() -> None:
    body = container_body(workspace_spec(PLAN, SETTINGS, ("x",), "i"))
    assert body["WorkingDir"] == "/home/scientist"
    assert body["Env"] == []
    assert server_environment(HUB_SAYS, "scientist", "health")["HOME"] == "/home/scientist"


def test_everything_that_it_is_made_from_makes_another_plan() -> None:
    assert digest() == digest()
    other = replace(PLAN, mounts=(Mount("/srv/lab/rand2", "/data/rand"),))
    changed = [digest(other), digest(command=("y",)), digest(image="j"), digest(replace(PLAN, uid=200_002))]
    assert digest() not in changed


@pytest.mark.parametrize(("one", "two"), [(("a-b", "c"), ("a", "b-c")), (("a", "b"), ("b", "a"))])
def test_no_two_workspaces_share_an_identifier(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert server_id(*one) != server_id(*two)


def test_the_workspace_is_told_its_policy_and_that_does_not_name_the_plan() -> None:
    told = replace(PLAN, precheck='{"policy": {}}')
    environment = server_environment(HUB_SAYS, "scientist", "health")
    assert told_at_claim(environment, told) == environment | {PRECHECK: '{"policy": {}}'}
    assert told_at_claim(environment, PLAN) == environment
    assert digest(told) == digest(PLAN)
