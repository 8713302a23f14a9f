"""MkDocs hook: what the reference pages say is read off the program when the docs are built.

What stands between ``<!-- made: NAME -->`` and ``<!-- end -->`` on a page is what `MAKERS` returns for NAME.
``python tools/docs/reference.py`` writes it into the pages, and the drawings beside them, so that a forge shows them
too; the site is made anew in any case.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measures import cards, drawings
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.utils import log

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARK = re.compile(r"^<!-- made: ([\w-]+) -->$.*?^<!-- end -->$", re.M | re.S)
ELSEWHERE = re.compile(
    r"<(?:script|link|img|iframe|source|video)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'>\s]+)"
)


def on_files(files: Files, config: Any) -> Files:
    """Add the drawings of the measures, and the schemas."""
    for path, text in _files().items():
        old = files.get_file_from_path(path)
        if old is not None:
            files.remove(old)
        files.append(File.generated(config, path, content=text))
    return files


def _files() -> dict[str, str]:
    """Return what is made beside the pages: its path in docs/, and its text."""
    made = {f"explanation/measures/{name}.svg": svg for name, svg in drawings().items()}
    schemas = {f"reference/{name}.schema.json": json.dumps(schema, indent=1) for name, schema in _schemas().items()}
    return made | {path: f"{text}\n" for path, text in schemas.items()}


def on_post_build(config: Any) -> None:
    """Refuse a page that would load anything from elsewhere."""
    for page in Path(config["site_dir"]).rglob("*.html"):
        found = ELSEWHERE.search(page.read_text(encoding="utf-8"))
        if found:
            raise PluginError(f"{page.relative_to(config['site_dir'])} would load {found[1]}")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Make what stands between marks anew."""
    fresh = _fresh(markdown)
    if fresh != markdown:
        log.info(f"{page.file.src_uri} is out of date in the repository: run python tools/docs/reference.py")
    return fresh


def _fresh(markdown: str) -> str:
    def made(match: re.Match[str]) -> str:
        if match[1] not in MAKERS:
            raise PluginError(f"nothing makes {match[1]!r}; known: {', '.join(MAKERS)}")
        return f"<!-- made: {match[1]} -->\n\n{MAKERS[match[1]]().strip()}\n\n<!-- end -->"

    return MARK.sub(made, markdown)


def command_line() -> str:
    """Return all commands with their arguments, options and defaults, as Typer tells them."""
    import typer.main
    from typer.cli import get_docs_for_click

    from facialis.app.cli import app

    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="facialis"), name="facialis")
    text = re.sub(r"\* `--(?:install|show)-completion`.*\n", "", text.partition("\n")[2])
    text = re.sub(r"^\* `([\w-]+)`: .*\.\.\.$", lambda match: _in_full(match, text, command), text, flags=re.M)
    return text.replace("```console\n$ ", "```\n")


def _in_full(match: re.Match[str], text: str, command: Any) -> str:
    """Return a line of a list of commands with the whole first sentence of its help, which Typer cuts."""
    headings = re.findall(r"^## `facialis ([\w -]+)`$", text[: match.start()], re.M)
    for name in headings[-1].split() if headings else []:
        command = command.commands[name]
    sentence = " ".join((command.commands[match[1]].help or "").split()).partition(". ")[0]
    return f"* `{match[1]}`: {sentence.rstrip('.')}."


def _schemas() -> dict[str, Any]:
    from facialis.cohorts.manifest import row_schema
    from facialis.service import schemas

    models = {"finding": schemas.FindingOut, "explanation": schemas.ExplanationOut, "face-points": schemas.PointsIn}
    return {name: model.model_json_schema() for name, model in models.items()} | {"manifest": row_schema()}


def finding_fields() -> str:
    """Return the fields of a finding as a table, by the schema that the service checks."""
    schema = _schemas()["finding"]
    rows = [f"| `{name}` | {_type(field)} |" for name, field in schema["properties"].items()]
    number = [f"| `{name}` | {_type(field)} |" for name, field in schema["$defs"]["NumberOut"]["properties"].items()]
    head = "| field | type |\n|---|---|\n"
    return f"{head}" + "\n".join(rows) + "\n\nA number (`NumberOut`):\n\n" + head + "\n".join(number)


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"])
    if "$ref" in field:
        return f"`{field['$ref'].rpartition('/')[2]}`"
    if "enum" in field:
        return " or ".join(f'`"{value}"`' for value in field["enum"])
    kind = field.get("type", "any")
    if kind == "array":
        return f"list of {_type(field.get('items', {}))}"
    if kind == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return {"null": "null"}.get(kind, kind)


def manifest_columns() -> str:
    """Return the columns of a manifest."""
    from facialis.cohorts.manifest import COLUMNS

    return "| column | what |\n|---|---|\n" + "\n".join(f"| `{name}` | {what} |" for name, what in COLUMNS.items())


def bundle_ports() -> str:
    """Return what a bundle's graph may ask for and answer."""
    from facialis.detection.graph import INPUTS, OUTPUTS

    lines = ["| input | shape | | output | shape |", "|---|---|---|---|---|"]
    ports = [list(ports.items()) for ports in (INPUTS, OUTPUTS)]
    for row in range(max(map(len, ports))):
        cells = [f"`{side[row][0]}` | n{''.join(f' × {n}' for n in side[row][1])}" if row < len(side) else " | "
                 for side in ports]  # fmt: skip
        lines.append(f"| {cells[0]} | | {cells[1]} |")
    return "\n".join(lines)


MAKERS: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "finding-fields": finding_fields,
    "manifest-columns": manifest_columns,
    "bundle-ports": bundle_ports,
    "measures": cards,
}

if __name__ == "__main__":
    for name, text in _files().items():
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
    for page in (*DOCS.glob("reference/*.md"), *DOCS.glob("explanation/*.md")):
        page.write_text(_fresh(page.read_text(encoding="utf-8")), encoding="utf-8")
