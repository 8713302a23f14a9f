"""Maps of where an image net looks: they find what is put there, add up, and stand beside their check."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.models.encoders import load_encoder
from facialis.models.image import TokenNet
from facialis.models.maps import (
    CELLS,
    CropNet,
    checked_maps,
    in_random_order,
    integrated_gradients,
    middle,
    occlusion,
    reference_crop,
)
from facialis.reports.image_maps import Mapped, render_maps
from facialis.studies.recipes import TINY, load_recipes
from facialis.studies.study import run_study
from facialis.studies.table1 import tiny_cohort


class OneSquare(nn.Module):
    """Log odds: the mean brightness of one square, weighted by a matrix."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(224, 224), requires_grad=False)
        self.weight[64:96, 128:160] = 4.0 / 1024

    def forward(self, grey):
        return (grey[:, 0] * self.weight).sum(dim=(1, 2))[:, None]


@pytest.fixture(scope="module")
def face():
    return np.random.default_rng(0).integers(0, 255, (256, 256)).astype(np.uint8)


def test_the_square_that_counts_is_found_and_holds_the_whole_difference(face):
    net = OneSquare()
    whole, blurred = ((4 * part[64:96, 128:160]).mean() for part in (middle(face), reference_crop(face)))
    for method in (occlusion, integrated_gradients):
        found = method(net, face)
        assert found.shape == (CELLS, CELLS)
        assert found[2, 4] == pytest.approx(whole - blurred, abs=1e-4)
        found[2, 4] = 0
        assert np.abs(found).max() < 1e-5


def test_gradients_go_through_the_frozen_part_and_add_up(face):
    encoder = load_encoder("mixer_tiny", random_weights=True)
    torch.manual_seed(0)
    net = CropNet(encoder, TokenNet(encoder.tail, encoder.spec.n_features, encoder.spec.neck))
    found = {one.name: one for one in checked_maps(net, face)}
    assert set(found) == {"occlusion", "integrated gradients"}
    assert found["integrated gradients"].gap < 0.05
    assert found["occlusion"].gap is None
    assert all(np.abs(one.values).max() > 0 for one in found.values())
    mixed = in_random_order(net, 0)
    for before, after in zip(net.parameters(), mixed.parameters(), strict=True):
        np.testing.assert_allclose(np.sort(before.numpy().ravel()), np.sort(after.numpy().ravel()))


def test_a_map_that_any_net_would_give_fails_and_is_not_drawn(face):
    class Edges(OneSquare):
        """The same whatever the weights: a mean of the whole crop."""

        def forward(self, grey):
            return (grey[:, 0] * torch.linspace(0, 1, 224)).mean(dim=(1, 2))[:, None]

    found = checked_maps(Edges(), face)
    assert [one.passed for one in found] == [False, False]
    page = render_maps([Mapped("a.png", middle(face), 0.0, found)], row="r", weights="random", limits="")
    assert page.count("failed, so the map is not shown") == 2
    assert page.count("data:image/png") == 1
    assert "random weights" in page


def test_the_page_of_maps_shows_names_only_where_they_are_asked_for():
    photo = Mapped("ward/Anna.png", reason="ward/Anna.png: no such file; check the path")
    named = {names: render_maps([photo], row="r", weights="", limits="", names=names) for names in (False, True)}
    assert "<h2>Photo 1</h2>" in named[False]
    assert "Anna" not in named[False]
    assert "<h2>Anna.png</h2>" in named[True]
    assert all("<p>no such file; check the path</p>" in page and "ward" not in page for page in named.values())
    assert CliRunner().invoke(app, ["explain", "a.png", "--names"]).exit_code == 2


def test_a_studys_row_from_the_command_line(tmp_path, astronaut):
    cohort = tiny_cohort(tmp_path / "t")
    recipes = [recipe for name in ("rgb-mixer", "measures-net") for recipe in load_recipes(name, TINY)]
    run_study(cohort, recipes, tmp_path / "t", random_weights=True, split="2-fold", n_bootstrap=10)
    Image.fromarray(astronaut).save(tmp_path / "a.png")
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(tmp_path / "b.png")
    words = ["explain", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--from", str(tmp_path / "t")]
    page = ["--maps", str(tmp_path / "maps.html"), "--random-weights"]
    found = CliRunner().invoke(app, [*words, *page, "--row", "rgb-mixer"])
    assert found.exit_code == 0, found.output
    assert "a.png: occlusion: likeness to random weights" in found.output
    assert "b.png: no face" in found.output
    shown = (tmp_path / "maps.html").read_text()
    assert "not a medical device" in shown
    assert re.findall("<h2>(.*?)</h2>", shown) == ["Photo 1", "Photo 2"]
    assert "a.png" not in shown
    refused = CliRunner().invoke(app, [*words, *page, "--row", "measures-net"])
    assert refused.exit_code == 2
    assert (
        "the row measures-net has no maps: it does not read face crops alone; of this study rgb-mixer can"
        in refused.output
    )
    alone = CliRunner().invoke(app, [*words[:3], "--maps", "x.html"])
    assert alone.exit_code == 2
