"""One small family of exceptions. Each message is one line: what was given, what was expected, what to do."""

from __future__ import annotations


class FacialisError(Exception):
    """Anything that a user can put right; the command line prints its message as one line."""


class PictureError(FacialisError):
    """A picture or video that cannot be read."""


class TooLargeError(PictureError):
    """A picture or video beyond what is allowed: pixels, seconds, frames."""


class AssetError(FacialisError):
    """A model file that is missing, cannot be fetched, or is not what it should be."""


class CohortError(FacialisError):
    """A cohort (or the folder it is made from) that is incomplete, inconsistent or of another version."""


class RecipeError(FacialisError):
    """A setting that is unknown or out of range."""


class WeightsError(FacialisError):
    """Pretrained weights that cannot be had or do not fit the encoder."""


class SplitError(FacialisError):
    """A cohort that cannot be split as the protocol asks."""


class BundleError(FacialisError):
    """A detector bundle that is damaged, was changed, or asks for what a bundle may not do."""
