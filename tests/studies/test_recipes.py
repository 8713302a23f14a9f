"""Recipes: the paper's values as defaults, files, and errors that name the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest

from facialis.errors import RecipeError
from facialis.models.encoders import ENCODERS
from facialis.studies.paper import PAPER_FIGURES
from facialis.studies.recipes import COLLECTIONS, RECIPES, TINY, change, load_recipes


@pytest.mark.parametrize("name", list(RECIPES))
def test_each_recipe_has_the_papers_values(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.modality_title
    assert recipe.model_title
    assert (recipe.net.layers, recipe.net.units, recipe.net.learning_rate, recipe.net.batch) == (15, 59, 0.2045, 256)
    assert (recipe.image.learning_rate, recipe.image.batch, recipe.image.test_crops) == (0.01, 256, 10)
    assert recipe.image.trains == "last-block"
    wanted = next((e for e in ("resnet50", "fastervit") if e in name), "mixer_b16")
    wanted = "resnet50" if name in ("early-fusion-lines", "late-fusion-lines") else wanted
    assert recipe.image.encoder == wanted
    assert ENCODERS["mixer_b16"].make == "mixer_b16_224.miil_in21k_ft_in1k"
    assert (recipe.fusion.units, recipe.fusion.slope, recipe.fusion.batch) == ((256, 128, 64), 0.2, 128)
    assert recipe.threshold == "argmax"


def test_collections_name_known_recipes() -> None:
    assert COLLECTIONS["four-rows"] == ("measures-net", "coordinates-net", "rgb-mixer", "early-fusion")
    for name, parts in COLLECTIONS.items():
        assert [recipe.name for recipe in load_recipes(name)] == list(parts)


def test_table1_is_the_papers_table_in_its_order() -> None:
    assert COLLECTIONS["table1"] == tuple(PAPER_FIGURES)
    assert len(PAPER_FIGURES) == 13
    recipes = load_recipes("table1")
    assert [r.modalities for r in recipes[3:9]] == [("crops",)] * 3 + [("lines",)] * 3
    assert [r.modalities for r in recipes[9:]] == [("measures", "crops"), ("measures", "lines")] * 2
    titles = {(r.modality_title, r.model_title, r.image.encoder) for r in recipes}
    assert len(titles) == 13
    best = max(PAPER_FIGURES, key=lambda name: PAPER_FIGURES[name][0])
    assert (best, PAPER_FIGURES[best]) == ("early-fusion", (96.0, 94.8, 98.3))


def test_tiny_stands_in_for_each_encoder_of_the_table() -> None:
    for full, tiny in zip(load_recipes("table1"), load_recipes("table1", TINY), strict=True):
        pair = (full.image.encoder, tiny.image.encoder)
        assert pair in {("mixer_b16", "mixer_tiny"), ("resnet50", "resnet_tiny"), ("fastervit", "fastervit_tiny")}
        assert "tiny" in ENCODERS[tiny.image.encoder].title


def test_overrides_reach_every_recipe() -> None:
    for recipe in load_recipes("four-rows", TINY):
        assert recipe.image.encoder == "mixer_tiny"
        assert recipe.net.epochs == 10
        assert recipe.net.layers == 15
    assert RECIPES["rgb-mixer"].image.encoder == "mixer_b16"


def test_a_file_with_one_recipe_and_one_with_several(tmp_path: Path) -> None:
    one = tmp_path / "one.toml"
    one.write_text('base = "early-fusion"\nname = "mine"\n[fusion]\nunits = [32, 16]\nlearning_rate = 1\n')
    (recipe,) = load_recipes(one, {"threshold": "fold"})
    assert (recipe.name, recipe.fusion.units, recipe.fusion.learning_rate) == ("mine", (32, 16), 1.0)
    assert recipe.threshold == "fold"
    two = tmp_path / "two.toml"
    two.write_text('[[recipe]]\nbase = "measures-net"\n[[recipe]]\nbase = "rgb-mixer"\n')
    assert [r.name for r in load_recipes(str(two))] == ["measures-net", "rgb-mixer"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('base = "rgb-mixer"\n[image]\nepoch = 3', r"unknown key 'image\.epoch', did you mean 'image\.epochs'\?"),
        ('base = "rgb-mixer"\nepochs = 3', r"unknown key 'epochs', did you mean '\w+\.epochs'\?"),
        ('base = "rgb-mixer"\ntreshold = "fold"', "did you mean 'threshold'"),
        ('base = "rgb-mixr"', "base = 'rgb-mixr', did you mean 'rgb-mixer'"),
        ('name = "x"', "starts from one of"),
        ('base = "rgb-mixer"\nimage = 3', "image is a table"),
        ('base = "rgb-mixer"\n[image]\nepochs = "3"', "epochs is of kind int, got '3'"),
        ('base = "rgb-mixer"\n[image]\nepochs = true', "epochs is of kind int, got True"),
        ('base = "rgb-mixer"\n[image]\ntoken_dtype = "int8"', "one of float16, float32, got 'int8'"),
        ('base = "rgb-mixer"\n[image]\ntest_crops = 5', r"test_crops is 1 \(the centre\) or 10, got 5"),
        ('base = "rgb-mixer"\n[net]\nepochs = 0', "net.epochs is above 0"),
        ('base = "rgb-mixer"\n[net]\nbatch = 1', "batch is 2 or more"),
        ('base = "rgb-mixer"\n[net]\nlearning_rate = nan', "learning_rate is above 0"),
        ('base = "rgb-mixer"\n[fusion]\nunits = [3, "a"]', "units is a list of int"),
        ('base = "rgb-mixer"\nname = "a/b"', "part of file names"),
        ('base = "rgb-mixer"\nmodalities = ["measures"]', "does not go with"),
        ('base = "measures-net"\nmodalities = ["lines"]', "does not go with"),
        ('base = "early-fusion"\nmodalities = ["lines", "lines"]', "does not go with"),
        ('base = "early-fusion"\n[fusion]\ndropout = 1', "dropout is 0 or more and below 1"),
        ('base = "rgb-mixer"\n[image]\ntrains = "all"', "one of last-block, head, got 'all'"),
        ("base = ", "not TOML"),
        ('[[recipe]]\nbase = "rgb-mixer"\n[[recipe]]\nbase = "rgb-mixer"', "two recipes of one name"),
        ('x = 1\n[[recipe]]\nbase = "rgb-mixer"', "nothing beside them"),
        ("recipe = 3", "nothing beside them|holds one recipe"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(content)
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipes(path)
    assert "\n" not in str(caught.value)


def test_unknown_names() -> None:
    with pytest.raises(RecipeError, match="unknown recipe 'mesures-net', did you mean 'measures-net'"):
        load_recipes("mesures-net")
    with pytest.raises(RecipeError, match=r"none\.toml: cannot be read"):
        load_recipes("none.toml")
    with pytest.raises(RecipeError, match=r"did you mean 'image\.epochs'"):
        load_recipes("rgb-mixer", {"image.epocs": 3})
    with pytest.raises(RecipeError, match="does not go with"):
        change(RECIPES["early-fusion"], {"modalities": ["measures"]})
