"""What the service may be told, by options or environment variables, and checked before it starts."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from facialis.errors import RecipeError

PREFIX = "FACIALIS_SERVE_"
SHORTEST_TOKEN = 16
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Settings:
    """How the service runs. Each field is also an environment variable: `FACIALIS_SERVE_` and its name in capitals.

    Attributes
    ----------
    host, port
        Where it listens. Beyond this computer (not loopback) a token is demanded.
    token
        What requests must carry, 16 characters or more; empty: none is demanded.
    names
        Names beside those of this computer that a request may call the service by (its ``Host``), without ports.
    workers
        Processes that judge, about 250 MB each; one more than cores (up to five), so that no core is idle between two
        photos.
    queue
        Requests that may wait for a worker; more are refused (503).
    photo_bytes, video_bytes, body_bytes
        Largest photo, video, and body of a request.
    pixels
        Most pixels of a photo or of a video's frame.
    video_seconds, video_frames
        Longest video.
    files
        Most files in a request.
    held_bytes
        Bytes of bodies held in memory at once, half of it for bodies above `SMALL_BODY`; more are refused (503).
    photo_timeout, video_timeout
        Seconds that a photo or a video may be worked on.
    body_timeout
        Seconds within which a body of up to `SMALL_BODY` must have come; larger ones in proportion.
    bundle
        Folder of a bundle; empty: the built-in one.
    """

    host: str = "127.0.0.1"
    port: int = 8471
    token: str = ""
    names: tuple[str, ...] = ()
    workers: int = dataclasses.field(default_factory=lambda: min(4, os.cpu_count() or 1) + 1)
    queue: int = 32
    photo_bytes: int = 32 << 20
    video_bytes: int = 256 << 20
    body_bytes: int = 272 << 20
    pixels: int = 60_000_000
    video_seconds: int = 180
    video_frames: int = 12_000
    files: int = 64
    held_bytes: int = 768 << 20
    photo_timeout: int = 60
    video_timeout: int = 600
    body_timeout: int = 60
    bundle: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str], **given: Any) -> Self:
        """Return the settings of the environment, those that are `given` (and not None) before them.

        Raises
        ------
        RecipeError
            A variable is unknown, or a value out of range.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in environment.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                meant = f"did you mean {PREFIX}{near[0].upper()}?" if near else f"known: {', '.join(known)}"
                raise RecipeError(f"{variable}: no such setting; {meant}")
            values[name] = _parsed(variable, text, known[name].type)
        values |= {name: value for name, value in given.items() if value is not None}
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what cannot work, or is not safe.

        Raises
        ------
        RecipeError
            What is wrong, in one line.
        """
        if not 0 <= self.port <= 65535:
            raise RecipeError(f"port {self.port}: expected 1 to 65535")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and field.name not in ("port", "queue") and value < 1:
                raise RecipeError(f"{PREFIX}{field.name.upper()} is {value}; expected 1 or more")
        if self.queue < 0:
            raise RecipeError(f"{PREFIX}QUEUE is {self.queue}; expected 0 or more")
        if self.bundle and not Path(self.bundle).is_dir():
            raise RecipeError(f"bundle {self.bundle}: no such folder")
        if self.token and (len(self.token) < SHORTEST_TOKEN or not self.token.isascii() or " " in self.token):
            raise RecipeError(f"{PREFIX}TOKEN: expected {SHORTEST_TOKEN} characters or more, ASCII without spaces")
        if not self.loopback and not self.token:
            raise RecipeError(
                f"{self.host} can be reached from other computers: set a token that requests must carry, for example "
                f"{PREFIX}TOKEN={secrets.token_urlsafe(24)}"
            )
        if self.everywhere and not self.names:
            raise RecipeError(
                f"{self.host} is every address of this computer: say by which names it may be called, for example "
                f"{PREFIX}NAMES=palsy.clinic.example"
            )

    @property
    def loopback(self) -> bool:
        """Whether only this computer reaches it."""
        address = _address(self.host)
        return self.host == "localhost" if address is None else address.is_loopback

    @property
    def everywhere(self) -> bool:
        """Whether it listens on every address of this computer."""
        address = _address(self.host)
        return address is not None and address.is_unspecified

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """What a request may call the service by, in lower case, without ports."""
        own = [] if self.everywhere else [f"[{self.host}]" if ":" in self.host else self.host]
        return frozenset(name.lower() for name in (*LOCAL_NAMES, *own, *self.names))

    @property
    def address(self) -> str:
        """Where a browser on this computer finds it."""
        host = "127.0.0.1" if self.everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _parsed(variable: str, text: str, kind: object) -> Any:
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise RecipeError(f"{variable} is {text!r}; expected a whole number") from None
    if kind == "str":
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())
