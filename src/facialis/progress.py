"""One progress bar for all long work: rate and time left, on standard error, silent when not a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@contextmanager
def bar(title: str, total: int | None, *, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; the yielded function advances it by its argument."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total, rate="")

        def advance(steps: int = 1) -> None:
            progress.advance(task, steps)
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            if speed:
                progress.update(task, rate=f"{speed:.1f} {unit}/s")

        yield advance


def track(items: Iterable[T], title: str, *, total: int | None = None, unit: str = "pictures") -> Iterator[T]:
    """Iterate over `items` with a progress bar."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with bar(title, total, unit=unit) as advance:
        for item in items:
            yield item
            advance(1)
