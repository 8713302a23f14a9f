"""What the service takes and answers, for its OpenAPI description; what comes in is checked by these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from facialis.faces.mesh import N_LANDMARKS
from facialis.faces.sources import MAX_PIXELS

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Entry = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]
PointList = Annotated[list[Point], Field(min_length=N_LANDMARKS, max_length=N_LANDMARKS)]
Transform = Annotated[
    list[Annotated[list[Entry], Field(min_length=4, max_length=4)]], Field(min_length=4, max_length=4)
]
Side = Literal["subject_left", "subject_right"]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Look(_Strict):
    """The landmarks of a face as the landmarker found it in the mirrored picture, mirrored back."""

    points: PointList
    transform: Transform


class FacePoints(_Strict):
    """A face: what `detect` with `landmarks=true` gives for it."""

    size: Annotated[list[Annotated[int, Field(ge=1, le=MAX_PIXELS)]], Field(min_length=2, max_length=2)] = Field(
        description="Height and width of the picture, px."
    )
    points: PointList = Field(description="478 landmarks: x to image right, y down, z away from the viewer, px.")
    transform: Transform = Field(description="Head transform of the landmarker, rows of a 4 x 4 matrix.")
    second: Look | None = Field(None, description="What the second look found; null where there was none.")


class PointsIn(FacePoints):
    """Landmarks to be judged."""

    source: Annotated[str, Field(max_length=200)] = "picture"
    prevalence: Annotated[float, Field(gt=0, lt=1)] = 0.5
    force: bool = False


class NumberOut(_Strict):
    """A measured number."""

    value: float
    error: float
    unit: str
    reference: Range | None
    percentile: float | None


Numbers = dict[str, NumberOut] | None


class FindingOut(_Strict):
    """A finding: the same object as ``facialis detect --format json`` prints."""

    source: str
    frame: int | None
    time: float | None
    face: int | None
    status: Literal["judged", "abstained", "error"]
    probability: float | None
    probability_interval: Range | None
    prevalence: float
    likelihood_ratio: float | None
    label: Literal["palsy", "no palsy"] | None
    uncertain: bool | None
    side: Side | None
    side_probability: float | None
    regions: dict[str, float | None] | None
    severity: float | None
    reasons: list[str]
    forced: bool
    looked_twice: bool
    advice: str | None
    quality: dict[str, float | None] | None
    measures: Numbers
    differences: Numbers
    millimetres: Numbers
    video: dict[str, Any] | None
    model: str
    version: str
    face_points: FacePoints | None = None


class Findings(_Strict):
    """Findings in the order of the files; of a video its judged frames', then the whole's."""

    findings: list[FindingOut]


class ExplanationOut(BaseModel):
    """An explanation: the same object as ``facialis explain --format json`` prints."""

    source: str
    face: int | None
    status: str
    label: str | None
    probability: float | None
    model: str
    explained: bool
    reason: str | None
    shares: dict[str, dict[str, float]] | None = None
    sentences: list[str] | None = None


class Explanations(_Strict):
    """Explanations in the order of the files."""

    explanations: list[ExplanationOut]


class SetOut(_Strict):
    """The finding on one person's views: the same object as ``facialis detect --set --format json`` prints."""

    set: dict[str, Any] | None


class ModelOut(_Strict):
    """What judges, and within which limits."""

    card: dict[str, Any]
    hash: str
    limits: dict[str, int]
    engine: bool = Field(description="Whether the page can judge in the browser alone.")
    version: str


class Health(_Strict):
    """Whether it works."""

    status: Literal["ok"]


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[str] | None = None
