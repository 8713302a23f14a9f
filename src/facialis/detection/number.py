"""A measured number as a finding tells it: with its error, and with what healthy faces measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A measured number with its error, and what healthy faces measure.

    Attributes
    ----------
    value, error
        In `unit`; the error is one standard deviation.
    reference
        Range of the middle 95 % of healthy faces; of a number with a sign, of its size.
    percentile
        Share of healthy faces with a smaller number (of a number with a sign: size), %, between 1 and 99.
    """

    value: float
    error: float
    unit: str
    reference: tuple[float, float] | None = None
    percentile: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        reference = None if self.reference is None else [round(end, 5) for end in self.reference]
        value, error = round(self.value, 5), round(self.error, 5)
        return {
            "value": value, "error": error, "unit": self.unit, "reference": reference, "percentile": self.percentile,
        }  # fmt: skip
