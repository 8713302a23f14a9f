"""What a simulation is made of, each part to be left out by name: which of them a detector's skill rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ingredients:
    """Parts of the simulation; all are in by default, and leaving one out changes no other's draws.

    Attributes
    ----------
    instrument : the landmarker's gain, followers, residue of yaw, perspective and guess of depth; without it the
        landmarks are the true points, seen by a plain camera.
    noise : the landmarker's noise of landmarks and of reported pose.
    antisymmetric_identity : healthy faces that are not symmetric.
    rest_droop : what hangs (or is drawn up) at rest on the weak side, the lids' width among it.
    contralateral_pull : mouth, philtrum, nose tip and chin drawn to the healthy side, and that side's extra strength.
    pose : heads that turn; without it yaw, pitch and roll are 0.
    synkinesis : late palsies in which a movement drags others along; without it they are only drawn up at rest.
    """

    instrument: bool = True
    noise: bool = True
    antisymmetric_identity: bool = True
    rest_droop: bool = True
    contralateral_pull: bool = True
    pose: bool = True
    synkinesis: bool = True
