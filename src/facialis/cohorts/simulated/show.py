"""A contact sheet of the simulation: severities by movements, one person, as the mesh from the front or as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.movements import STANDARD, typical, views
from facialis.cohorts.simulated.palsy import Palsy, moved, no_palsy
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.shape import draw_identities
from facialis.errors import CohortError
from facialis.faces.fields import Array
from facialis.faces.mesh import CONTOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facialis.cohorts.simulated.painted import Painted
    from facialis.cohorts.simulated.portraits import Portrait

    Rgb = NDArray[np.uint8]

ROWS: tuple[tuple[str, str], ...] = (
    ("normal", "flaccid"),
    ("mild", "flaccid"),
    ("moderate", "flaccid"),
    ("severe", "flaccid"),
    ("complete", "flaccid"),
    ("moderate", "synkinetic"),
    ("severe", "synkinetic"),
    ("severe", "central"),
)
"""Grade and kind of each row of the sheet."""
ENDINGS = ("png", "pdf", "svg", "jpg")
WEAK_SIDE = "subject_right"
VIGOUR = 0.9
IRIS_SEEN_CM = 0.25
_LINES = {"face_oval": "#9aa3ad", "nose": "#9aa3ad", "lips": "#b03a48"}
_EYES = "#1f4e79"


def sheet_faces(plan: str = "standard", seed: int = 0) -> Array:
    """Return (rows, views, 478, 3) cm: one person in every view of `plan` with every palsy of `ROWS`, one a row."""
    names = tuple(STANDARD) if plan == "mixed" else views(plan)
    person = draw_identities(np.random.default_rng(seed), 1)

    def ill(grade: str, kind: str) -> Palsy:
        return no_palsy(1) if grade == "normal" else make_palsy(WEAK_SIDE, grade, kind=kind)

    rows = [[moved(person, typical(name, VIGOUR), ill(*row))[0] for name in names] for row in ROWS]
    return np.array(rows)


def sheet_pictures(plan: str = "standard", seed: int = 0, sitter: Portrait | Painted | None = None) -> list[list[Rgb]]:
    """Return the same rows and views as pictures (320, 292, 3) of one sitter, by default a painted one."""
    from facialis.cohorts.simulated.draw import draws
    from facialis.cohorts.simulated.picture import Sitters, draw_face

    sitter = Sitters(None, seed)(0) if sitter is None else sitter
    names = tuple(STANDARD) if plan == "mixed" else views(plan)
    draw, _ = next(draws(1, 1, seed))
    draw = draw._replace(camera=draw.camera._replace(angles=np.zeros((1, 3)), distance=np.full(1, 80.0)))
    rows = []
    for grade, kind in ROWS:
        ill = no_palsy(1) if grade == "normal" else make_palsy(WEAK_SIDE, grade, kind=kind)
        seen = [draw_face(draw._replace(intended=typical(name, VIGOUR)), 0, ill, sitter).rgb for name in names]
        rows.append([rgb[90:410, 110:402] for rgb in seen])
    return rows


def show(
    path: Path | str,
    plan: str = "standard",
    seed: int = 0,
    *,
    pictures: bool = False,
    sitter: Portrait | Painted | None = None,
) -> None:
    """Draw the contact sheet into a picture file, its kind by the file's ending.

    Parameters
    ----------
    path : e.g. ``sheet.png``.
    plan : "standard" (or "mixed", which shows the same) for the ten standard views, or some of them by commas.
    seed : whose face it is.
    pictures : as pictures instead of meshes.
    sitter : of the pictures; by default a painted face.

    Raises
    ------
    CohortError
        A view is unknown, or the file cannot be written.
    """
    from matplotlib.figure import Figure

    from facialis.files import atomic_path

    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ENDINGS:
        raise CohortError(f"{path}: expected a picture file that ends in .{', .'.join(ENDINGS)}")
    faces = sheet_faces(plan, seed)
    drawn = sheet_pictures(plan, seed, sitter) if pictures else None
    names = tuple(STANDARD) if plan == "mixed" else views(plan)
    wide, high = 1.35 * len(names) + 1.0, (1.5 if pictures else 1.8) * len(ROWS) + 0.6
    figure = Figure(figsize=(wide, high), dpi=120 if pictures else 100)
    axes = figure.subplots(len(ROWS), len(names), squeeze=False)
    figure.subplots_adjust(0.9 / wide, 0.01, 0.995, 1.0 - 0.6 / high, 0.0, 0.0)
    for row, (grade, kind) in enumerate(ROWS):
        for column, name in enumerate(names):
            if drawn is None:
                draw_mesh(axes[row, column], _chin_up(faces[row, column], sum(STANDARD[name].chin_up) / 2.0))
            else:
                axes[row, column].imshow(drawn[row][column])
                axes[row, column].set_axis_off()
            if row == 0:
                axes[row, column].set_title(name.replace("_", " "), fontsize=9)
        text = grade if grade == "normal" else f"{grade}\n{kind}"
        axes[row, 0].text(-0.02, 0.5, text, transform=axes[row, 0].transAxes, ha="right", va="center", fontsize=9)
    figure.suptitle(f"Simulated; weak side: {WEAK_SIDE.replace('_', ' ')} (image left)", fontsize=10)
    try:
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=path.suffix.lstrip(".") or "png")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CohortError(
            f"cannot write the contact sheet {path}: {reason}; name a .png in a folder that is"
        ) from error


def _chin_up(face: Array, degrees: float) -> Array:
    """Return the face (478, 3) turned so that its chin comes up by `degrees`."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y, z = face.T
    return np.stack([x, c * y + s * z, c * z - s * y], axis=-1)


def draw_mesh(axes: Axes, face: Array) -> None:
    """Draw a face (478, 3), cm, from the front: its points, contours and irises."""
    axes.scatter(face[:468, 0], face[:468, 1], s=0.4, c="#c3c9cf", linewidths=0)
    for name, edges in CONTOURS.items():
        lines = face[np.array(edges), :2]
        axes.plot(lines[..., 0].T, lines[..., 1].T, color=_LINES.get(name, _EYES), linewidth=1.1)
    for iris, upper, lower in ((slice(468, 473), 159, 145), (slice(473, 478), 386, 374)):
        if face[upper, 1] - face[lower, 1] > IRIS_SEEN_CM:
            x, y = face[iris, :2].mean(axis=0)
            axes.scatter([x], [y], s=9, c="#333333", linewidths=0)
    axes.set(xlim=(-8.2, 8.2), ylim=(-9.8, 9.6), aspect="equal")
    axes.axis("off")
