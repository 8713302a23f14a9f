"""Who may ask: tokens, host names, other sites; and what settings are refused before the service starts."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys

import httpx
import pytest

from facialis.detection.bundle import Bundle
from facialis.errors import RecipeError
from facialis.reports.photo import render_photos
from facialis.reports.photo_set import render_sheets
from facialis.service.policy import page_policy
from facialis.service.settings import Settings
from tests.service.conftest import free_port, serving

TOKEN = "a-token-of-some-length"
PROTECTED = ("/docs", "/metrics", "/openapi.json", "/v1/model")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    with serving(
        tmp_path_factory.mktemp("guarded"), "--host", "0.0.0.0", "--workers", "1", token=TOKEN, names="palsy.example"
    ) as service:
        yield service


def test_without_the_token_only_the_page_and_its_health_are_told(guarded):
    with httpx.Client(base_url=guarded.url) as client:
        for path in ("/", "/healthz", "/page/facts.json"):
            assert client.get(path).status_code == 200, path
        for path in PROTECTED:
            answer = client.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"]
        assert client.post("/v1/detect", files={"file": ("a.png", b"x")}).status_code == 401
        assert client.get("/v1/nothing").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong", "Bearer", "bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", TOKEN, "Basic !!!",
        f"Basic {TOKEN}", "Basic " + base64.b64encode(b"user:wrong").decode(), f"Digest {TOKEN}", "Bearer \xff\xfe",
        "Bearer " + "x" * 8000,
    ],
)  # fmt: skip
def test_wrong_tokens_are_refused(guarded, header):
    for path in PROTECTED:
        answer = httpx.get(guarded.url + path, headers={"authorization": header.encode("latin-1")})
        assert answer.status_code == 401, (path, answer.text)


def test_the_token_is_taken_as_bearer_and_as_a_password(guarded):
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    for header in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Basic {basic}"):
        for path in PROTECTED:
            assert httpx.get(guarded.url + path, headers={"authorization": header}).status_code == 200
    assert TOKEN not in guarded.said()


def test_two_tokens_are_refused(guarded):
    answer = httpx.get(guarded.url + "/v1/model", headers=[("authorization", f"Bearer {TOKEN}")] * 2)
    assert answer.status_code == 400


def test_names_that_the_service_was_given_are_served(guarded):
    assert httpx.get(guarded.url, headers={"host": "palsy.example"}).status_code == 200
    assert httpx.get(guarded.url, headers={"host": "PALSY.example:8471"}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "0.0.0.0", "", "localhost@evil",
     "evil.example:8471", "[::2]", "localhost:80:80", "localhost,evil.example", "palsy.example.evil"],
)  # fmt: skip
def test_dns_rebinding_is_refused(guarded, host):
    answer = httpx.get(guarded.url, headers={"host": host})
    assert answer.status_code in (400, 421), answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": "file://"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "http://user@127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_posts_across_sites_are_refused(service, healthy, headers):
    answer = httpx.post(service.url + "/v1/detect", files={"file": ("a.png", healthy)}, headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_preflight_is_answered_without_leave(service):
    ask = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = httpx.options(service.url + "/v1/detect", headers=ask)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_page_may_ask(service, healthy):
    for headers in ({"origin": service.url}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        answer = httpx.post(service.url + "/v1/detect", files={"file": ("a.png", healthy)}, headers=headers)
        assert answer.status_code == 200
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert httpx.get(service.url, headers=link).status_code == 200


def test_every_answer_carries_the_headers(service):
    for path in ("/", "/page/facts.json", "/v1/model", "/nothing", "/healthz"):
        headers = httpx.get(service.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert (
            "unsafe-inline" not in headers["content-security-policy"] or "sandbox" in headers["content-security-policy"]
        )
        assert "server" not in headers
    policy = httpx.get(service.url).headers["content-security-policy"]
    assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")
    assert "http" not in policy
    assert httpx.get(service.url + "/v1/model").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("render", [render_photos, render_sheets])
def test_the_pages_policy_lets_in_the_styles_of_the_reports_that_it_shows(render):
    style = render([], Bundle.load()).partition("<style>")[2].partition("</style>")[0]
    assert len(style) > 1000
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in page_policy()


@pytest.mark.parametrize(
    ("environment", "given", "says"),
    [
        ({}, {"host": "0.0.0.0"}, "TOKEN="),
        ({"FACIALIS_SERVE_TOKEN": "short"}, {"host": "0.0.0.0"}, "16 characters"),
        ({"FACIALIS_SERVE_TOKEN": TOKEN}, {"host": "0.0.0.0"}, "NAMES="),
        ({"FACIALIS_SERVE_TOKEN": TOKEN}, {"host": "::"}, "NAMES="),
        ({}, {"host": "192.168.1.5"}, "TOKEN="),
        ({"FACIALIS_SERVE_TOKENS": TOKEN}, {}, "did you mean FACIALIS_SERVE_TOKEN?"),
        ({"FACIALIS_SERVE_WORKERS": "many"}, {}, "whole number"),
        ({"FACIALIS_SERVE_WORKERS": "0"}, {}, "1 or more"),
        ({"FACIALIS_SERVE_QUEUE": "-1"}, {}, "0 or more"),
        ({"FACIALIS_SERVE_PORT": "70000"}, {}, "65535"),
        ({"FACIALIS_SERVE_BUNDLE": "/nowhere"}, {}, "no such folder"),
    ],
)
def test_settings_that_cannot_work_are_refused(environment, given, says):
    with pytest.raises(RecipeError, match=says):
        Settings.read(environment, **given)


def test_settings_come_from_the_environment_and_options_go_before():
    settings = Settings.read({"FACIALIS_SERVE_PORT": "9000", "FACIALIS_SERVE_NAMES": "a.example, b.example"}, port=9001)
    assert settings.port == 9001
    assert settings.names == ("a.example", "b.example")
    assert settings.loopback
    assert "a.example" in settings.allowed_hosts
    assert Settings.read({}, host="::1").loopback
    assert Settings.read({}).address == "http://127.0.0.1:8471/"


def test_a_port_in_use_is_one_line(service):
    port = service.url.rpartition(":")[2]
    ran = subprocess.run([sys.executable, "-m", "facialis", "serve", "--port", port], capture_output=True, text=True)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "choose another with --port" in ran.stderr


def test_an_unsafe_start_is_one_line():
    ran = subprocess.run(
        [sys.executable, "-m", "facialis", "serve", "--host", "0.0.0.0", "--port", str(free_port())],
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "token" in ran.stderr
