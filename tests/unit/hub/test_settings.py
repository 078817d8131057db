"""Facts about lab.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.domain.errors import InvalidError
from hub.settings import load_settings
from hub.settings_notices import Webhook

GOOD = 'state = "var"\n[login]\ndemo = true\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "lab.toml"
    path.write_text(text)
    return path


def test_state_is_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD))
    assert settings.state == tmp_path / "var"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database == f"sqlite:///{tmp_path}/var/records/database.sqlite"


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    text = 'state = "var"\nname = "Not A Name"\nunknown = 1\n[ports]\npublic = 99999\n[gate]\nvotes = 0\n[login]\n'
    with pytest.raises(InvalidError) as refused:
        load_settings(write(tmp_path, text))
    for place in ("name:", "unknown:", "ports.public:", "gate.votes:", "login:"):
        assert place in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("state = ", "not TOML"),
        ('state = "var"\n[login]\ndemo = true\n[server]\naddress = "0.0.0.0"\n', "certificate"),
        ('state = "var"\n[login]\ndemo = true\n[ports]\npublic = 9000\nhub = 9000\n', "same port"),
        ('state = "var"\n[login]\ndemo = true\n[run]\nmemory = "lots"\n', "run.memory"),
        ("[login]\ndemo = true\n", "state"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        load_settings(write(tmp_path, text))


@pytest.mark.parametrize("number", ["0", "-1", "6", "10000000000000000000000", "true", "2.0", '"2"', "[2]"])
@pytest.mark.parametrize(
    ("table", "place"),
    [("gate", "votes"), ("gate.class_votes", "model"), ("gate.tier_votes", "secret")],
    ids=lambda each: str(each),
)
def test_a_number_of_votes_is_a_whole_one_from_one_to_five(tmp_path: Path, table: str, place: str, number: str) -> None:
    with pytest.raises(InvalidError, match=f"{table}.{place}"):
        load_settings(write(tmp_path, f"{GOOD}[{table}]\n{place} = {number}\n"))


@pytest.mark.parametrize("text", ["[gate.class_votes]\nunknown = 1\n", "[gate.tier_votes]\nclosed = 1\n"])
def test_votes_are_asked_for_of_known_classes_and_tiers_alone(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidError, match=r"gate\.(class|tier)_votes"):
        load_settings(write(tmp_path, GOOD + text))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="make demo"):
        load_settings(tmp_path / "lab.toml")


def test_sizes_are_bytes(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD + '[workspace]\nmemory = "3G"\ntmp = "512M"\n'))
    assert (settings.workspace.memory, settings.workspace.tmp) == (3 * 2**30, 512 * 2**20)


def test_certificate_and_key_are_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD + '[server]\ncertificate = "tls.crt"\nkey = "/etc/tls.key"\n'))
    assert (settings.server.certificate, settings.server.key) == (str(tmp_path / "tls.crt"), "/etc/tls.key")


def test_a_provider_without_https_is_refused(tmp_path: Path) -> None:
    urls = "".join(f'{n} = "http://login.example/{n}"\n' for n in ("authorize_url", "token_url", "userdata_url"))
    with pytest.raises(InvalidError, match="https"):
        load_settings(write(tmp_path, f'state = "var"\n[login]\n{urls}'))


@pytest.mark.parametrize("vault", ["var", ".", "var/projects/care", "var/snapshots"])
def test_the_vault_has_a_folder_of_its_own(tmp_path: Path, vault: str) -> None:
    with pytest.raises(InvalidError, match="a folder of its own"):
        load_settings(write(tmp_path, f'vault = "{vault}"\n{GOOD}'))


def test_a_vault_elsewhere_is_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, GOOD)).vault_folder == tmp_path / "var/vault"
    assert load_settings(write(tmp_path, f'vault = "disk"\n{GOOD}')).vault_folder == tmp_path / "disk"


def test_an_alarm_comes_before_the_floor(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="the alarm comes before the floor"):
        load_settings(write(tmp_path, GOOD + '[space]\nalarm = "1M"\nfloor = "2M"\n'))


@pytest.mark.parametrize(
    ("server", "url", "workspace"),
    [
        ("", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("subdomains = true", "http://lab.localhost:8000", "http://w-b44d8e8bca61e672.lab.localhost:8000"),
        (
            'url = "https://lab.example.org/"\nsubdomains = true',
            "https://lab.example.org",
            "https://w-b44d8e8bca61e672.lab.example.org",
        ),
        ('url = "https://lab.example.org:8443"', "https://lab.example.org:8443", "https://lab.example.org:8443"),
    ],
)
def test_with_subdomains_a_workspace_has_an_origin_of_its_own(
    tmp_path: Path, server: str, url: str, workspace: str
) -> None:
    settings = load_settings(write(tmp_path, f"{GOOD}[server]\n{server}\n"))
    assert settings.public_url == url
    assert settings.origin_of("alice", "care") == workspace
    assert settings.host_cookies is (settings.server.subdomains and url.startswith("https:"))


@pytest.mark.parametrize(
    "url",
    ["http://lab.example.org", "https://192.0.2.1", "https://[::1]:8000", "https://lab", "https://lab.example.org/a/b"],
)
def test_subdomains_need_a_name_and_tls(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidError, match="subdomains needs"):
        load_settings(write(tmp_path, f'{GOOD}[server]\nurl = "{url}"\nsubdomains = true\n'))


def test_a_project_may_have_an_allowance_of_its_own(tmp_path: Path) -> None:
    own = '[allowance.care]\nopen_per_project = 2\nmemory = "8G"\nruns = 1\n'
    settings = load_settings(write(tmp_path, GOOD + own))
    usual, care = settings.workspace_in("jobs"), settings.workspace_in("care")
    assert usual == settings.workspace
    assert (care.open_per_project, care.memory, care.cpus) == (2, 8 * 2**30, usual.cpus)
    assert (settings.runs_in("care"), settings.runs_in("jobs")) == (1, settings.concurrent_work)


@pytest.mark.parametrize("own", ['[allowance."Care!"]\nruns = 1\n', "[allowance.care]\nrun = 1\n"])
def test_an_allowance_of_no_project_or_with_an_unknown_word_is_refused(tmp_path: Path, own: str) -> None:
    with pytest.raises(InvalidError):
        load_settings(write(tmp_path, GOOD + own))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://[fe80::1]/", "http://0.0.0.0/",
        "http://127.0.0.1.elsewhere.example/", "http://localhost@elsewhere.example/", "http://10.0.0.1/hook",
        "https://eve:secret@chat.example.org/hook", "file:///etc/passwd", "gopher://127.0.0.1/", "//chat.example.org",
        "https:///hook", "unix:///run/docker.sock",
    ],
)  # fmt: skip
def test_a_webhook_is_spoken_to_in_clear_text_on_loopback_alone(url: str) -> None:
    with pytest.raises(ValidationError):
        Webhook(url=url)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/hook", "http://localhost/hook", "https://chat.example.org/h"])
def test_a_webhook_on_loopback_or_with_https_is_one(url: str) -> None:
    assert Webhook(url=url).url == url
