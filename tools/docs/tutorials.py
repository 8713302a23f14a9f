"""MkDocs hook: the tutorials' commands are run when the docs are built, and their output stands below them.

On a page of docs/tutorials each fenced ``console`` block holds commands (lines with ``$ ``, a line without it goes on
with the command before) that are run in order by one bash in a scratch folder of the page; ``<!-- run`` comments hold
commands that are not shown. A command that fails fails the build. What the page links to below its own name
(``first-photo/report.png`` on first-photo.md) is taken from that folder. What ran is kept in .cache/docs by the
hash of the commands and the package, so that the next build is quick.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.utils import log

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "docs"
BLOCK = re.compile(r"^(```console|<!-- run)\n(.*?)^(?:```|-->)$", re.M | re.S)
MARK = "\x1e"
SECONDS = 600
_outputs: dict[str, list[str]] = {}


def on_files(files: Files, config: Any) -> Files:
    """Run each tutorial, and add to the site what it links to of its scratch folder."""
    package = _package_hash()
    for page in [file for file in files.documentation_pages() if file.src_uri.startswith("tutorials/")]:
        blocks = BLOCK.findall(page.content_string)
        if not blocks:
            continue
        name = Path(page.src_uri).stem
        wanted = sorted(set(re.findall(rf"\]\({re.escape(name)}/([^)#\s]+)", page.content_string)))
        kept = _kept(name, [text for _, text in blocks], wanted, package)
        _outputs[page.src_uri] = json.loads((kept / "output.json").read_text(encoding="utf-8"))
        for file in wanted:
            files.append(File.generated(config, f"tutorials/{name}/{file}", abs_src_path=str(kept / file)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Put the output of each command below it; links to the repository outside docs/ become plain words."""
    outputs = iter(_outputs.get(page.file.src_uri, ()))

    def shown(match: re.Match[str]) -> str:
        parts = []
        for command in _commands(match[2]):
            output = next(outputs)
            if match[1] == "```console":
                parts.append(f"``` {{ .bash .command }}\n{command}\n```\n")
                parts.append(f"``` {{ .text .no-copy .output }}\n{output}\n```\n" if output else "")
        return "\n".join(parts)

    markdown = BLOCK.sub(shown, markdown) if page.file.src_uri in _outputs else markdown
    return re.sub(r"\[([^\]]+)\]\((?:\.\./)+(?:src|deploy|benchmarks|tools|tests|[A-Z]+\.md)[^)]*\)", r"`\1`", markdown)


def _commands(block: str) -> list[str]:
    return [text.strip() for text in re.split(r"^\$ ", block, flags=re.M) if text.strip()]


def _package_hash() -> str:
    """Return a hash of all that a tutorial's output may depend on."""
    digest = hashlib.sha256()
    places = [*(ROOT / "src").rglob("*"), *(ROOT / "docs/tutorials").glob("*.py"), Path(__file__).with_name("shot.py")]
    for path in sorted(places):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _kept(name: str, blocks: list[str], wanted: list[str], package: str) -> Path:
    """Return the folder with a tutorial's output and the files that its page links to; run it where there is none."""
    commands = [command for block in blocks for command in _commands(block)]
    key = hashlib.sha256(json.dumps([commands, wanted, package]).encode()).hexdigest()[:16]
    kept = CACHE / f"{name}-{key}"
    if (kept / "output.json").is_file():
        return kept
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / name
        scratch.mkdir()
        for helper in (ROOT / "docs" / "tutorials").glob("*.py"):
            shutil.copy(helper, scratch)
        outputs = _run(name, commands, scratch)
        for old in CACHE.glob(f"{name}-????????????????"):
            shutil.rmtree(old)
        for file in wanted:
            if not (scratch / file).is_file():
                raise PluginError(f"docs/tutorials/{name}.md links to {name}/{file}, which its commands did not make")
            (kept / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(scratch / file, kept / file)
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "output.json").write_text(json.dumps(outputs, ensure_ascii=False), encoding="utf-8")
    log.info(f"Tutorial {name}: {len(commands)} commands ran in {time.perf_counter() - start:.0f} s")
    return kept


def _run(name: str, commands: list[str], scratch: Path) -> list[str]:
    """Run the commands by one bash and return the output of each; the first that fails ends it."""
    tools = scratch.parent / "bin"
    tools.mkdir()
    for program, call in {"facialis": "-m facialis", "python": "", "shot": str(ROOT / "tools/docs/shot.py")}.items():
        (tools / program).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        (tools / program).chmod(0o755)
    script = scratch.parent / "script.sh"
    lines = ["set -e", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    script.write_text("\n".join([*lines, *(f"printf '{MARK}'\n{command}" for command in commands)]), encoding="utf-8")
    env = os.environ | {
        "PATH": f"{tools}:{os.environ['PATH']}", "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb",
        "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", str(script)], cwd=scratch, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=SECONDS,
    )  # fmt: skip
    text = done.stdout.decode("utf-8", "replace").replace(f"{scratch}/", "").replace(str(scratch), ".")
    outputs = ["\n".join(line.rstrip() for line in part.strip("\n").splitlines()) for part in text.split(MARK)[1:]]
    if done.returncode:
        raise PluginError(f"docs/tutorials/{name}.md: this failed:\n$ {commands[len(outputs) - 1]}\n{outputs[-1]}")
    return outputs
