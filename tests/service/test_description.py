"""Schemathesis asks what the OpenAPI description allows and what it does not: the answers are as it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

PROGRAM = shutil.which("schemathesis", path=str(Path(sys.executable).parent))


def test_the_description_is_whole(service):
    description = httpx.get(service.url + "/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (path, method)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert set(answer["content"]) == {"application/problem+json"}, (path, status)
    assert "not a medical device" in description["info"]["description"]
    json.dumps(description, allow_nan=False)


@pytest.mark.skipif(PROGRAM is None, reason="no schemathesis: it is in the group dev")
def test_answers_are_as_described(service, tmp_path):
    """Some 800 requests, good and bad. Not asked: that all that the schema lets through is taken, as not all bytes are
    a picture and not all numbers are a face."""
    ran = subprocess.run(
        [PROGRAM, "run", service.url + "/openapi.json", "--checks", "all", "--exclude-checks",
         "positive_data_acceptance", "--max-examples", "8", "--seed", "1", "--no-color"],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    told = "\n".join(line[:300] for line in ran.stdout.splitlines())
    assert ran.returncode == 0, told
    found = re.search(r"(\d+) generated, (\d+) passed", told)
    assert found is not None, told
    print(f"\nschemathesis: {found[0]}")
    assert int(found[1]) == int(found[2]) > 300
