"""The schedule by hand."""

import dataclasses

import pytest

from captioner.__main__ import parse
from captioner.models.densenet import ENCODERS
from captioner.training.recipes import RECIPES, without_places
from captioner.training.schedule import WarmCosine


def test_warm_up_then_cosine():
    schedule = WarmCosine(1.0, 1000, end=0.2, warmup=0.1)
    assert float(schedule(0)) == pytest.approx(0.01, abs=0.001)
    assert float(schedule(50)) == pytest.approx(0.5, abs=0.02)
    assert float(schedule(500)) == pytest.approx(0.6, abs=1e-3)
    assert float(schedule(1000)) == float(schedule(5000)) == pytest.approx(0.2, abs=1e-6)


OWN = {name: recipe for name, recipe in RECIPES.items() if recipe.encoder is not None}


@pytest.mark.parametrize("recipe", OWN.values(), ids=OWN)
def test_every_recipe_has_whole_grids_and_ends_with_captions(recipe):
    encoder = ENCODERS[recipe.encoder]
    assert recipe.phases[0].size and all(phase.size % encoder.stride == 0 for phase in recipe.phases if phase.size)
    assert recipe.phases[-1].goal in ("captions", "rewards") and recipe.phases[0].goal == "findings"


def test_the_decoder_recipe_leaves_everything_of_the_encoder_to_the_checkpoint():
    recipe = RECIPES["decoder"]
    assert recipe.encoder is None and recipe.phases[0].goal == "captions"
    assert all(phase.size is None and phase.freeze_encoder and phase.from_features for phase in recipe.phases)


def test_the_gpu_recipe_is_the_cpu_recipes_network_with_larger_pictures():
    cpu, gpu = RECIPES["told"], RECIPES["gpu"]
    settings = ("encoder", "depth", "units", "embedding", "head", "told", "attention_units", "max_words")
    assert [getattr(cpu, name) for name in settings] == [getattr(gpu, name) for name in settings]
    assert gpu.phases[0].size > cpu.phases[0].size
    assert sum(phase.share for phase in gpu.phases) == pytest.approx(1)


def test_the_control_of_a_recipe_differs_in_what_teaches_places_alone():
    recipe, control = (
        dataclasses.asdict(one) for one in (RECIPES["told-short"], without_places(RECIPES["told-short"]))
    )
    changed = {name for name in recipe if recipe[name] != control[name]}
    assert changed == {"grounding_weight", "maps_weight", "places_weight", "place_targets", "box_weight"}
    assert not any(control[name] for name in changed - {"box_weight"})


@pytest.mark.parametrize("name", RECIPES)
def test_the_command_line_offers_every_recipe(name):
    assert parse(["train", "--data", "d", "--out", "o", "--recipe", name]).recipe == name
