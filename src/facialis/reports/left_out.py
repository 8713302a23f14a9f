"""What of a person's course is missing or was left out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facialis.detection.follow import Course, Visit
from facialis.detection.takes import NOT_READ, NOT_SURE, SURE, VIDEO
from facialis.words import Words
from facialis.words.known import reasons_line


def left_out_lines(
    course: Course, names: Mapping[int, str], left_out: Sequence[tuple[str, str]], say: Words
) -> list[str]:
    """Return what is missing or was left out, and why, a line each.

    Parameters
    ----------
    names : what each photo and video is called, by number.
    left_out : (what it is called, why: a key of the words) of what has no date.
    """
    lines = []
    moved = {(p.date, c.quantity.view) for c in course.curves if c.quantity.name == "excursion" for p in c.points}
    told = {(p.date, c.quantity.view) for c in course.curves if c.quantity.name == "ratio" for p in c.points}
    for visit in course.visits:
        if visit.missing:
            views = ", ".join(say(f"view.{view}") for view in visit.missing)
            lines.append(say("follow.missing", date=visit.date, views=views))
            if "rest" in visit.missing and visit.takes:
                lines.append(say("follow.no_rest", date=visit.date))
        lacking = [say(f"view.{view}") for view in course.score_views if view not in visit.takes]
        if lacking and visit.takes:
            lines.append(say("follow.no_score", date=visit.date, views=", ".join(lacking)))
        for date, view in sorted(moved - told):
            if date == visit.date:
                name = say(f"view.{view.removeprefix(VIDEO)}")
                name = say("follow.quantity.in_video", name=name) if view.startswith(VIDEO) else name
                lines.append(say("follow.still", date=date, view=name))
        lines += [_not_used(names, visit, number, say) for number in range(len(visit.unused))]
        for each in visit.unfit:
            name = names[each.number]
            reasons = reasons_line(each.finding.reasons, name, say)
            lines.append(f"{visit.date}, " + say("follow.left_photo", photo=name, reasons=reasons))
    return lines + [say("follow.left_photo", photo=name, reasons=say(f"follow.{why}")) for name, why in left_out]


def _not_used(names: Mapping[int, str], visit: Visit, number: int, say: Words) -> str:
    unused = visit.unused[number]
    view = "" if unused.view is None else say(f"view.{unused.view}")
    share = "" if unused.share is None else say.percent(unused.share)
    told: dict[str, dict[str, object]] = {
        NOT_READ: {"view": view},
        NOT_SURE: {"view": view, "share": share, "limit": say.percent(SURE)},
    }
    reasons = say(f"follow.{unused.why}", **told.get(unused.why, {}))
    return f"{visit.date}, " + say("follow.left_photo", photo=names[unused.number], reasons=reasons)
