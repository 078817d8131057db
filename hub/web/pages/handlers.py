"""Tornado handlers of the pages: gather, fill the template, and say a refusal on the page where it happened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError

from hub.domain.errors import LabError, RefusedError
from hub.domain.freezes import Freeze
from hub.domain.people import Person
from hub.services import exports, freezes, notices, people
from hub.services.lab import Lab
from hub.services.one_look import one_look
from hub.services.request_looks import earlier_content
from hub.services.supporting import supporting_file
from hub.web.api.routes import checked_path, request_of
from hub.web.faults import Fault, fault_of
from hub.web.handlers import NOBODYS_PAGE, SignedIn
from hub.web.headers import BARE_POLICY, page_policy
from hub.web.languages import CODES, COOKIE
from hub.web.live import Seen, follow
from hub.web.models.review import PictureQuery
from hub.web.models.texts import PathQuery
from hub.web.pages.types import Context, Fields, Form, Page, Posted, Visit
from hub.web.previews import checked_picture

FLASH = "portal-flash"
MOST_FIELDS = 8000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is shown with beside its own content: a fault of a form, and what was typed into it."""

    fault: Fault | None = None
    typed: Fields | None = None


class PageHandler(SignedIn):
    """One address of pages: a page, a form, or both."""

    SUPPORTED_METHODS = ("GET", "POST")
    person: Person | None = None
    freezes: Sequence[Freeze] = ()
    unread = 0

    def initialize(self, page: Page | None = None, form: Form | None = None) -> None:
        """Take the rows of this address."""
        super().initialize()
        self.page, self.form = page, form

    async def not_logged_in(self) -> None:
        """Send a person to the hub's login; what is no look at a page is refused."""
        mode = self.request.headers.get("Sec-Fetch-Mode", "navigate")
        if self.request.method == "GET" and mode == "navigate":
            self.redirect(self.get_login_url())
            return
        await super().not_logged_in()

    async def get(self, **path: str) -> None:
        """Show the page; who comes to a form's address by hand is sent to the page that it stands on."""
        if self.page is not None:
            await self._show(self.page, checked_path(path), Shown())
            return
        if self.form is None:
            raise HTTPError(404)
        words = [path.get(w.strip("{}"), w) for w in self.form.page.path.strip("/").split("/")]
        self.redirect(self.parts.pages.url(*words))

    async def post(self, **path: str) -> None:
        """Do what the form asks for; a refusal is said on its page, with what was typed."""
        if self.form is None:
            raise HTTPError(405)
        form, names = self.form, checked_path(path)
        fields = self._fields()
        posted = Posted(self.parts.lab, self.actor, names, self._query(), fields)
        try:
            landing = await self.use(lambda: form.act(posted))
        except LabError as error:
            fault = fault_of(error, self.spoken)
            self.set_status(fault.status)
            await self._show(form.page, names, Shown(fault, fields))
            return
        self.set_signed_cookie(FLASH, json.dumps(landing.message), **self._cookie())
        self.redirect(self.parts.pages.url(*landing.words), status=303)

    async def _show(self, page: Page, path: Mapping[str, str], shown: Shown) -> None:
        query = self._query()

        def look() -> Context:
            with one_look(self.parts.lab, recorded=page.recorded) as lab:
                self._look_around(lab)
                return page.look(Visit(lab, self.actor, path, query))

        context = await self.use(look)
        if frame := context.get("frame"):
            policy = page_policy(self.request.host, self.parts.prefix, str(frame))
            self.set_header("Content-Security-Policy", policy)
        self._fill(page.template, {**context, "fault": shown.fault, "typed_in": shown.typed})

    def _look_around(self, lab: Lab) -> None:
        """Gather what stands around every page; a page that is refused has it, too."""
        self.person = people.whoami(lab, self.actor)
        self.freezes = freezes.freezes(lab, self.actor)
        self.unread = notices.unread_count(lab, self.actor)

    def _fill(self, template: str, context: Mapping[str, object]) -> None:
        around = {
            "person": self.person,
            "token": self.xsrf_token.decode() if self.current_user else "",
            "here": self.request.uri,
            "section": self.request.path.removeprefix(self.parts.prefix).split("/")[0],
            "message": self._message(),
            "freezes": self.freezes,
            "unread": self.unread,
        }
        self.finish(self.parts.render(template, self.spoken, {**around, **context}))

    def say(self, fault: Fault) -> None:
        """Say a fault as a page of its own."""
        self._fill("fault.html", {"fault": fault, "typed_in": None})

    def _fields(self) -> Fields:
        """Return what was typed, as text."""
        given = self.request.body_arguments
        if sum(map(len, given.values())) > MOST_FIELDS:
            raise HTTPError(400)
        return Fields({name: self.get_body_arguments(name, strip=False) for name in given if name != "_xsrf"})

    def _query(self) -> dict[str, str]:
        return {name: self.get_query_argument(name, strip=False)[:400] for name in self.request.query_arguments}

    def _message(self) -> str:
        """Return what the last form said, once."""
        kept = self.get_signed_cookie(FLASH, max_age_days=1)
        if not kept or self.request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            return ""
        self.clear_cookie(FLASH, path=self.parts.prefix)
        return str(json.loads(kept))

    def _cookie(self) -> dict[str, Any]:
        secure = self.request.protocol == "https"
        return {"path": self.parts.prefix, "httponly": True, "samesite": "Lax", "secure": secure, "expires_days": None}


class LivePage(PageHandler):
    """A part of a page, sent again each time that it changes."""

    async def not_logged_in(self) -> None:
        """Refuse: it is no page that somebody goes to."""
        await SignedIn.not_logged_in(self)

    async def get(self, **path: str) -> None:
        """Send it until it has ended."""
        page, names, lab = self.page, checked_path(path), self.parts.lab
        if page is None:
            raise HTTPError(404)

        def look() -> Seen:
            context = page.look(Visit(lab, self.actor, names, {}))
            return Seen(
                self.parts.render(page.template, self.spoken, {**NOBODYS_PAGE, **context}), bool(context["ended"])
            )

        await follow(self, look)


class Picture(PageHandler):
    """A canonical picture, or an earlier one beside it, for the page that shows it; the look at it is recorded."""

    async def get(self, **path: str) -> None:
        """Send the gate's own bytes."""
        lab, actor = self.parts.lab, self.actor
        asked = request_of(PictureQuery, path, self._query())
        identifier, name, beside = asked.path["id"], asked.body.path, asked.body.beside

        def looked_at() -> bytes:
            if beside:
                return earlier_content(lab, actor, identifier, name, beside)
            return exports.canonical_file(lab, actor, identifier, name)[1]

        content = await self.use(looked_at)
        self.set_header("Content-Type", "image/png")
        self.set_header("Content-Security-Policy", BARE_POLICY)
        self.finish(checked_picture(content))


class SupportingPicture(PageHandler):
    """What is shown of a supporting picture, for the page that shows it; the look at it is recorded."""

    async def get(self, **path: str) -> None:
        """Send the gate's own bytes."""
        asked = request_of(PathQuery, path, self._query())
        lab, actor, identifier = self.parts.lab, self.actor, asked.path["id"]
        _, content = await self.use(lambda: supporting_file(lab, actor, identifier, asked.body.path))
        self.set_header("Content-Type", "image/png")
        self.set_header("Content-Security-Policy", BARE_POLICY)
        self.finish(checked_picture(content))


class Spoken(PageHandler):
    """The switch between languages."""

    async def post(self, **path: str) -> None:
        """Keep the choice, and go back to where the person was."""
        code = self.get_body_argument("to", "")
        if code not in CODES:
            raise RefusedError("The portal does not speak this language yet.", reason="language")
        self.set_cookie(COOKIE, code, **{**self._cookie(), "expires_days": 365})
        self.redirect(own_address(self.get_body_argument("next", ""), self.parts.prefix), status=303)


class Leave(PageHandler):
    """The way out: the portal's login ends, then the hub's."""

    async def get(self, **path: str) -> None:
        """Forget the portal's login, and let the hub forget its own."""
        self.hub_auth.clear_cookie(self)
        self.redirect(f"{self.hub_auth.hub_prefix}logout")


def own_address(address: str, prefix: str) -> str:
    """Return an address only where it is one of the portal's own; else the portal's first page."""
    parts = urlsplit(address)
    own = not parts.scheme and not parts.netloc and address.startswith(prefix) and "\\" not in address
    return address if own and ".." not in parts.path else prefix


class UnknownPage(PageHandler):
    """Whatever has no page."""

    async def prepare(self) -> None:
        """Refuse after the login, on a page with the menu and the freezes that every page has."""
        await super().prepare()
        if not self._finished:
            lab, actor = self.parts.lab, self.actor
            with suppress(LabError):  # whom the lab does not know sees no menu
                self.person = await self.use(lambda: people.whoami(lab, actor))
                self.freezes = await self.use(lambda: freezes.freezes(lab, actor))
            raise HTTPError(404)
