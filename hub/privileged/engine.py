"""The gate before the engine's socket: it lets the lab's own containers be made and ended, and nothing else be done.

Invariants:

* who asks is one of the lab's own processes, says the kernel;
* a container is ordered exactly as ``isolation`` describes it, from an image that the set-up made, on the lab's own
  folders, and what goes to the engine is written here, byte for byte;
* every other call is about a container that carries this lab's label, which is looked up first and then named by its
  identifier; another lab's is not there;
* what is not allowed is refused with a sentence, and said in the log.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from datasets_mount.mounts import Mount
from hub.accounts import Account
from hub.domain.errors import InvalidError, LabError, NotFoundError, UnavailableError
from hub.privileged.calls import Act, Call, is_set, parse_call
from hub.privileged.folders import check_folder
from hub.privileged.metrics import DoorName, Measured
from hub.privileged.orders import MOST_BYTES, parse_order
from hub.privileged.peers import Askers, check_peer, peer_of
from hub.privileged.permissions import CALLS, Subject, check_may_call, subject_of
from hub.settings import Settings
from spawner_config.isolation import container_body
from spawner_config.lab_containers import below, check_order
from spawner_config.lab_orders import mount_of, spec_of, written
from spawner_config.names import LABEL, LABEL_LAB

IMAGE_LABEL = "image"
"""What the set-up writes on the images that it makes, under the lab's label."""
MOST_ANSWER = 32 * 2**20
ENGINE_SECONDS = 60.0
PATIENCE = 10.0
"""Seconds in which an order has come whole; the longest is a quarter of a megabyte."""
OF_NO_CONTAINER = frozenset({Act.PING, Act.VERSION, Act.IMAGE, Act.LIST})
STATUS = {NotFoundError: 404, InvalidError: 400, UnavailableError: 503}
Asker = frozenset[Account]
log = logging.getLogger("datalab.engine-gate")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The same, read."""
        return json.loads(self.body)


class EngineGate:
    """Answers the lab's calls to the engine; ``engine`` is a session towards the real one."""

    def __init__(
        self, settings: Settings, engine: aiohttp.ClientSession, allowed: Askers, measured: Measured | None = None
    ) -> None:
        self._measured = measured or Measured()
        self._settings = settings
        self._engine = engine
        self._allowed = allowed
        self._acts = {
            Act.PING: self._ping,
            Act.VERSION: self._version,
            Act.IMAGE: self._image,
            Act.LIST: self._list,
            Act.CREATE: self._create,
            Act.INSPECT: self._inspect,
            Act.START: self._start,
            Act.STOP: self._pass_on,
            Act.KILL: self._pass_on,
            Act.WAIT: self._pass_on,
            Act.REMOVE: self._remove,
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; every refusal is a sentence in the engine's own form of an error."""
        try:
            return await self._answered(request)
        except LabError as error:
            log.warning("%s %.200r: %s (%s)", request.method, request.raw_path, error, error.reason)
            self._measured.refused(DoorName.ENGINE, error.reason)
            status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 403)
            return _said(status, str(error))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("%s %.200r: the engine does not answer: %s", request.method, request.raw_path, error)
            self._measured.refused(DoorName.ENGINE, "engine-away")
            return _said(503, "The container engine does not answer; start it (make setup), then try again.")

    async def _answered(self, request: web.BaseRequest) -> web.Response:
        connection = request.transport.get_extra_info("socket") if request.transport else None
        if connection is None:
            raise UnavailableError("The caller is gone.", reason="gate-gone")
        asker = check_peer(peer_of(connection), self._allowed)
        call = parse_call(request.method, request.raw_path, request.headers)
        if call.act in OF_NO_CONTAINER:
            check_may_call(asker, call.act)
        body = await _body_of(request, MOST_BYTES if call.act is Act.CREATE else 0)
        answer = await self._acts[call.act](asker, call, body)
        self._measured.call(call.act, answer.status)
        return web.Response(status=answer.status, body=answer.body, content_type="application/json")

    async def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None, body: str = "") -> Answer:
        """Ask the engine, in our own words."""
        target = f"http://engine{path}" + (f"?{urlencode(query)}" if query else "")
        seconds = None if path.endswith("/wait") else ENGINE_SECONDS
        headers = {"Content-Type": "application/json"} if body else {}
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with self._engine.request(
            method, target, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
        ) as received:
            content = await received.content.read(MOST_ANSWER + 1)
            while len(content) <= MOST_ANSWER and not received.content.at_eof():
                content += await received.content.read(MOST_ANSWER + 1 - len(content))
            if len(content) > MOST_ANSWER:
                raise UnavailableError("The container engine's answer is too long.", reason="gate-answer")
            return Answer(received.status, content)

    async def _ping(self, _asker: Asker, _call: Call, _body: bytes) -> Answer:
        return await self._ask("GET", "/_ping")

    async def _version(self, _asker: Asker, _call: Call, _body: bytes) -> Answer:
        return await self._ask("GET", "/version")

    async def _image(self, _asker: Asker, call: Call, _body: bytes) -> Answer:
        """Only an image that the set-up made is there."""
        answer = await self._ask("GET", f"/images/{call.subject}/json")
        if answer.status == 200 and not _is_ours(answer.json):
            raise NotFoundError("No such image: {image}", reason="gate-image", image=call.subject)
        return answer

    async def _list(self, _asker: Asker, call: Call, _body: bytes) -> Answer:
        """The caller's labels narrow the list further; this lab's own is always one of them."""
        labels = [*_labels_asked(call.options.get("filters", "")), f"{LABEL_LAB}={self._settings.name}"]
        query = {"filters": json.dumps({"label": labels}), "all": str(int(is_set(call.options, "all")))}
        return await self._ask("GET", "/containers/json", query)

    async def _create(self, asker: Asker, call: Call, body: bytes) -> Answer:
        """Make a container from what was understood of the order."""
        spec = spec_of(parse_order(body))
        check_may_call(asker, call.act, subject_of(spec.labels))
        name = call.options.get("name", "")
        check_order(self._settings, name, spec)
        image = await self._ask("GET", f"/images/{spec.image}/json")
        if image.status != 200:
            return image
        if not _is_ours(image.json):
            raise InvalidError("This container is not ordered: its image is not the lab's.", reason="order-image")
        await asyncio.to_thread(self._check_folders, spec.mounts, spec.uid)
        return await self._ask("POST", "/containers/create", {"name": name}, written(container_body(spec)))

    def _check_folders(self, mounts: Iterable[Mount], uid: int) -> None:
        for mount in mounts:
            owner = uid if mount.writable else None
            check_folder(self._settings.state, below(self._settings, mount.source), owner, sealed=mount.sealed)

    async def _found(self, asker: Asker, call: Call) -> Answer:
        """Look a container up for who may; one without this lab's label is not there."""
        answer = await self._ask("GET", f"/containers/{call.subject}/json")
        if answer.status != 200:
            self._check_may_miss(asker, call)
            return answer
        labels = answer.json["Config"]["Labels"]
        if labels.get(LABEL_LAB) != self._settings.name:
            raise NotFoundError("No such container: {name}", reason="gate-container", name=call.subject)
        check_may_call(asker, call.act, subject_of(labels))
        return answer

    @staticmethod
    def _check_may_miss(asker: Asker, call: Call) -> None:
        """That a container is not there is told to whoever may do the same to one that is."""
        if not any(asker & CALLS.get((call.act, subject), frozenset()) for subject in Subject):
            check_may_call(asker, call.act)

    async def _inspect(self, asker: Asker, call: Call, _body: bytes) -> Answer:
        return await self._found(asker, call)

    async def _start(self, asker: Asker, call: Call, _body: bytes) -> Answer:
        """Start it, after another look at its folders: the engine mounts them now."""
        found = await self._found(asker, call)
        if found.status != 200:
            return found
        seen = found.json
        uid = int(seen["Config"]["User"].partition(":")[0])
        mounts = [mount_of(mount) for mount in seen["HostConfig"]["Mounts"] or ()]
        await asyncio.to_thread(self._check_folders, mounts, uid)
        return await self._ask("POST", f"/containers/{seen['Id']}/start")

    async def _pass_on(self, asker: Asker, call: Call, _body: bytes) -> Answer:
        """Stop, kill or wait for the container that was looked up, by its identifier."""
        found = await self._found(asker, call)
        if found.status != 200:
            return found
        return await self._ask("POST", f"/containers/{found.json['Id']}/{call.act}", call.options)

    async def _remove(self, asker: Asker, call: Call, _body: bytes) -> Answer:
        found = await self._found(asker, call)
        if found.status != 200:
            return found
        flags = {name: str(int(is_set(call.options, name))) for name in ("v", "force")}
        return await self._ask("DELETE", f"/containers/{found.json['Id']}", flags)


def _said(status: int, sentence: str) -> web.Response:
    return web.json_response({"message": sentence}, status=status)


async def _body_of(request: web.BaseRequest, most: int) -> bytes:
    """Read the body, no longer than the call may have one."""
    length = request.content_length or 0
    if length > most:
        raise InvalidError("The call's body is longer than the engine gate takes.", reason="gate-body")
    try:
        async with asyncio.timeout(PATIENCE):
            return await request.content.readexactly(length) if length else b""
    except (TimeoutError, EOFError, OSError):
        raise InvalidError("The call's body did not come, or not at once.", reason="gate-body") from None


def _is_ours(image: Mapping[str, Any]) -> bool:
    return (image["Config"].get("Labels") or {}).get(LABEL) == IMAGE_LABEL


def _labels_asked(filters: str) -> list[str]:
    """Read the caller's filters: labels, and no other."""
    if not filters:
        return []
    read = parse_order(filters.encode())
    labels = read.pop("label", [])
    if read or not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InvalidError("The engine gate narrows a list by labels alone.", reason="gate-filters")
    return labels
