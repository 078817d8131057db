"""The OpenAPI document, made from the API's table: ``python -m hub.web.openapi`` writes it into the docs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hub.web.api.handlers import ARGUMENT
from hub.web.api.routes import BYTES, JSON, JSON_LD, Download, Route
from hub.web.api.table import PREFIX, ROUTES
from hub.web.handlers import SignedIn
from hub.web.headers import BARE_POLICY
from hub.web.live import EVENTS
from hub.web.models.texts import Nothing

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"
REFERENCE = "#/components/schemas/{model}"
FAULTS = {
    "401": "Nobody is logged in, or the token is not known",
    "403": "A rule of the lab says no",
    "404": "There is no such thing, or the person may not know that there is",
    "409": "What the person saw has changed, or the step does not follow from the present state",
    "422": "What was sent cannot be accepted as it is",
    "503": "Something the lab rests on does not answer; nothing was lost",
}
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["reason", "message"],
            "properties": {
                "reason": {"type": "string", "description": "A short stable word"},
                "message": {"type": "string", "description": "A sentence in the person's language"},
            },
        }
    },
}


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for number, route in enumerate(ROUTES):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(number, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Data lab",
            "version": "1",
            "description": "All that the portal's pages do, under the same rules.",
        },
        "servers": [{"url": f"/services/portal/{PREFIX}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((components | {"Error": ERROR_SCHEMA}).items())),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "“token …” with a JupyterHub token that has the scope "
                    "access:services!service=portal",
                }
            },
        },
    }


Schemas = dict[tuple[Any, Any], Any]


def _schemas() -> tuple[Schemas, dict[str, Any]]:
    """Return each row's schemas by its number, and all models that they name."""
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = []
    for number, route in enumerate(ROUTES):
        if not route.in_query and route.model is not Nothing:
            inputs.append((("body", number), "validation", TypeAdapter(route.model)))
        if route.answer is not Download:
            inputs.append((("answer", number), "serialization", TypeAdapter(route.answer)))
    schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
    return {key[0]: value for key, value in schemas.items()}, definitions.get("$defs", {})


def _operation(number: int, route: Route[Any], schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.call.__name__,
        "tags": [route.path.split("/")[1]],
        "parameters": [*_names(route), *_query(route)],
        "responses": {"200": _answer(route, schemas.get(("answer", number))), **_faults()},
    }
    if route.takes_file:
        content = {BYTES: {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    elif ("body", number) in schemas:
        content = {"application/json": {"schema": schemas["body", number]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _names(route: Route[Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ARGUMENT.findall(route.path)
    ]


def _query(route: Route[Any]) -> list[dict[str, Any]]:
    if not route.in_query:
        return []
    schema = route.model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": about}
        for name, about in schema.get("properties", {}).items()
    ]


def _answer(route: Route[Any], schema: Any) -> dict[str, Any]:
    if route.answer is Download:
        form = {"type": "object"} if route.media in (JSON, JSON_LD) else {"type": "string", "format": "binary"}
        return {"description": "The bytes", "content": {route.media.partition(";")[0]: {"schema": form}}}
    if route.until is not None:
        described = "Server-sent events: each has the present state as its data, and the last is followed by the end"
        data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
        event = {"type": "object", "required": ["data"], "properties": {"data": data}}
        return {"description": described, "content": {EVENTS.partition(";")[0]: {"schema": event}}}
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _faults() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REFERENCE.format(model="Error")}}}
    return {status: {"description": description, "content": content} for status, description in FAULTS.items()}


@cache
def text() -> str:
    """Return the document as the docs hold it."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


class Document(SignedIn):
    """The document, for whoever is logged in."""

    SUPPORTED_METHODS = ("GET",)

    async def get(self) -> None:
        """Send it."""
        content = await self.use(text)
        self.set_header("Content-Security-Policy", BARE_POLICY)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(content)


if __name__ == "__main__":
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(text(), encoding="utf-8")
