"""How the service describes itself: its OpenAPI description, and that as a page without anything from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from facialis.reports.templating import page_environment
from facialis.service.problems import MEDIA_TYPE
from facialis.service.schemas import ProblemOut

ABOUT = (
    "Judges photos and videos of faces for facial palsy: which side, which region, how sure, or why it cannot be "
    "judged. Nothing is written or kept. Errors are problem details (RFC 9457). Where a token is demanded it goes into "
    "the header `Authorization: Bearer TOKEN`. **Research use; not a medical device.** A finding describes a picture. "
    "It is no diagnosis."
)
_SAID = {
    400: "The request cannot be read.",
    401: "The token is missing or wrong.",
    403: "The request comes from another site.",
    404: "There is nothing here.",
    408: "The body came too slowly.",
    413: "A file or the request is too large.",
    415: "The body is of another type.",
    421: "The host name is not served here.",
    422: "A file is empty or cannot be decoded, or a parameter is out of range.",
    499: "The client went away.",
    500: "A worker died, or something else went wrong.",
    503: "All places are taken: try again after the seconds in Retry-After.",
    504: "It took too long.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": ProblemOut.model_json_schema()}}}
    for status, text in _SAID.items()
}
HTML: dict[int | str, dict[str, Any]] = {
    200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}
}
HTML_OR_JSON: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sheet; with `Accept: application/json` the set's finding.",
        "content": HTML[200]["content"],
    }
}


def files_body(*, prompts: bool = False, report: bool = False, points: type[BaseModel] | None = None) -> dict[str, Any]:
    """Return the description of a multipart body with files; or, with `points`, of one with landmarks as JSON."""
    fields: dict[str, Any] = {
        "file": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"},
            "description": "Photos or videos; the field may come several times.",
        }
    }
    if prompts:
        text = "CSV: when which movement was asked for (movement,start,end in s)."
        fields["prompts"] = {"type": "string", "description": text}
    if report:
        fields["points"] = {
            "type": "string",
            "description": "JSON: landmarks of the one photo, as /v1/detect gives them.",
        }
        fields["moved"] = {"type": "string", "description": "JSON: numbers of the landmarks that a person moved."}
    schema = {"type": "object", "properties": fields, "required": ["file"]}
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    if points is not None:
        content |= points_body(points)["requestBody"]["content"]
    return {"requestBody": {"required": True, "content": content}}


def points_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the description of a JSON body."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = schema.pop("$defs", {})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, inner)}}}}


def _inlined(schema: Any, inner: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(inner[schema["$ref"].rpartition("/")[2]], inner)
        return {name: _inlined(part, inner) for name, part in schema.items()}
    if isinstance(schema, list):
        return [_inlined(part, inner) for part in schema]
    return schema


def docs_page(openapi: dict[str, Any]) -> bytes:
    """Return the description as a page of plain HTML."""
    routes = []
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {})
            routes.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "about": operation.get("description", ""),
                    "parameters": [_parameter(one) for one in operation.get("parameters", [])],
                    "bodies": [(kind, _fields(part["schema"])) for kind, part in body.items()],
                    "answers": [(status, one.get("description", "")) for status, one in operation["responses"].items()],
                    "example": _example(method.upper(), path, body),
                }
            )
    template = page_environment("facialis.service").get_template("docs.html")
    page = template.render(
        about=ABOUT.replace("**", "").replace("`", ""), routes=routes, version=openapi["info"]["version"]
    )
    return page.encode()


def _parameter(one: dict[str, Any]) -> tuple[str, str, str]:
    schema = one["schema"]
    kind = " | ".join(map(str, schema["enum"])) if "enum" in schema else str(schema.get("type", ""))
    default = f", default {json.dumps(schema['default'])}" if "default" in schema else ""
    return one["name"], f"{kind}{default}", one.get("description", schema.get("description", ""))


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    required = schema.get("required", [])
    return [
        (name, "required" if name in required else "optional", part.get("description", ""))
        for name, part in schema.get("properties", {}).items()
    ]


def _example(method: str, path: str, body: dict[str, Any]) -> str:
    address = f"http://127.0.0.1:8471{path}"
    if "multipart/form-data" in body:
        return f"curl -F file=@photo.jpg {address}"
    if "application/json" in body:
        return f"curl -H 'Content-Type: application/json' -d @points.json {address}"
    return f"curl {address}"
