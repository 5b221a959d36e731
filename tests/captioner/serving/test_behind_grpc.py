"""The exported graph behind a stand-in of TensorFlow Serving's gRPC interface answers as its checkpoint."""

import json

import pytest

import captioner
from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.serving import behind_grpc as module
from captioner.serving.answer import answer
from captioner.serving.served_model import ServedModel, behind
from tests.captioner.serving.test_served_model import close, plain


@pytest.fixture(scope="session")
def package():
    """Of the whole session, so that nothing is exported first where it is missing."""
    return pytest.importorskip("tensorflow_serving", reason="the extra grpc is not installed")


def test_an_answer_is_the_checkpoint_s_by_the_command_too(package, folders, studies, capsys):
    from tests.captioner.serving.stand_in_grpc import serving_grpc

    model, export = captioner.load(folders / "told"), folders / "told-export" / "1"
    with serving_grpc(export) as address:
        served = ServedModel(export, behind(address))
        for paths, search in (
            (studies[0], {}),
            (studies[1], {"decoding": "beam", "beam_width": 2, "length_penalty": 0.1}),
        ):
            study = captioner.read_study(*paths)
            close(plain(answer(served, study, "x", **search)), plain(answer(model, study, "x", **search)))
        together = [served.encode(captioner.read_study(*paths)) for paths in studies]
        served.ask(together)
        assert all(set(each.answers) == {"greedy", "findings"} for each in together)
        own = plain(answer(model, captioner.read_study(studies[2][0]), studies[2][0].name))
        command = ["predict", str(studies[2][0]), "--json", "--export", str(export), "--server"]
        assert main([*command, address]) == 0
        close(json.loads(capsys.readouterr().out), own)
        assert main([*command, address + "2"]) == 2
        assert "refused with status NOT_FOUND: Servable not found" in capsys.readouterr().err
        with pytest.raises(BadInput, match="refused with status INVALID_ARGUMENT: Serving signature name not found"):
            behind(address)("nonsense", {})
    assert main([*command, address]) == 2
    assert capsys.readouterr().err == f"{address} cannot be reached: no model server answers there.\n"


@pytest.mark.parametrize(
    "address", ["grpc://", "grpc://host/cxr", "grpc://host:8500", "grpc://host:x/cxr", "grpc://h:1/a/b"]
)
def test_what_is_no_address_is_one_sentence(address):
    with pytest.raises(BadInput, match="is no address of a model server: write grpc://HOST:8500/NAME"):
        behind(address)


def test_without_the_package_one_sentence_names_it(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install"):
        behind("grpc://127.0.0.1:8500/cxr")
