"""Every method on the networks besides the attention captioner; the page's beam tree on one without attention.

The ordinary suite has of each network one method that goes back through its decoder: what all methods do before and
behind that is the same for every network.
"""

import keras
import numpy as np
import pytest

from captioner.captioner import Captioner
from captioner.decoding.beam_tree import grow
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.vocabulary import Vocabulary
from explain.methods.base import METHODS, method

SETTINGS = {
    "integrated-gradients": {"steps": 3},
    "smooth-grad": {"samples": 2},
    "occlusion": {"patch": 0.5, "stride": 1.0},
}


@pytest.fixture(scope="module", params=["simple", "chained-context"])
def model(request):
    keras.utils.set_random_seed(9)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
    network = network_class(request.param)(
        ENCODERS["densenet-tiny"], len(vocabulary), 3, (2, 2), depth=8, units=8, embedding=4
    )
    config = {
        "name": request.param,
        "model": request.param,
        "preparation": {"name": "area", "size": 64, "channels": 1},
        "decoding": {"max_words": 6},
    }
    return Captioner(network, vocabulary, config)


ORDINARY = {
    "simple": ("attention", "grad-cam"),
    "chained-context": ("attention", "grad-cam"),
}
PAIRS = [
    pytest.param(network, name, marks=[] if name in names else [pytest.mark.long], id=f"{network}-{name}")
    for network, names in ORDINARY.items()
    for name in METHODS
]


@pytest.mark.parametrize(("model", "name"), PAIRS, indirect=["model"], scope="module")
def test_each_method_explains_it_or_says_why_not(model, name, study):
    explainer = method(name, **SETTINGS.get(name, {}))
    if name == "attention" and not model.has_attention:
        with pytest.raises(ValueError):
            explainer.explain(model, study, [4, 6, 7])
        return
    found = explainer.explain(model, study, [4, 6, 7])
    assert found.maps.shape[:2] == (3, 2) and np.isfinite(found.maps).all()
    assert name == "attention" or found.maps.any()


def test_a_search_can_be_drawn_as_a_tree(model, study):
    features = model.encode(study)
    tree = grow(model.decoder.trace(features.image_features, features.mask, 3, 5), model.vocabulary, 0.7)
    assert tree.children
