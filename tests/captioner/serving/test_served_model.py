"""The exported graph answers as its checkpoint: in this process, and behind a stand-in of TensorFlow Serving."""

import json
from itertools import product

import pytest

import captioner
from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.serving.answer import answer
from captioner.serving.served_model import ServedModel, behind, in_process
from tests.captioner.serving.stand_in_serving import serving


def flattened(value, place=""):
    """Place -> what stands there, of plain data however deep."""
    if isinstance(value, dict):
        parts = [flattened(part, f"{place}.{key}") for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [{f"{place} length": len(value)}, *(flattened(part, f"{place}[{n}]") for n, part in enumerate(value))]
    else:
        return {place: value}
    return {place: part for known in parts for place, part in known.items()}


def close(one, other):
    """The same in every text, id and truth; numbers that are not whole within 1e-4."""
    first, second = flattened(one), flattened(other)
    numbers = {place for place, value in first.items() if isinstance(value, float)}
    assert {place: first[place] for place in first.keys() - numbers} == {
        place: second[place] for place in second.keys() - numbers
    }
    assert {place: first[place] for place in numbers} == pytest.approx(
        {place: second[place] for place in numbers}, abs=1e-4
    )


def plain(answered):
    """An answer as JSON has it."""
    return json.loads(json.dumps(answered[2]))


@pytest.mark.parametrize("name", ["told", "simple"])
def test_every_answer_is_the_checkpoint_s(request, folders, studies, name):
    model = captioner.load(folders / name)
    export = folders / "told-export" / "1" if name == "told" else request.getfixturevalue("exported_alone")
    served = ServedModel(export, in_process(export))
    texts = set()
    with serving(export) as address:
        remote = ServedModel(export, behind(address))
        searches = ({}, {"decoding": "beam", "beam_width": 2, "length_penalty": 0.1})
        for (number, paths), search in product(enumerate(studies), searches):
            study = captioner.read_study(*paths)
            own = plain(answer(model, study, f"study {number}", **search))
            for other in (served, remote)[: 1 + (number == 1)]:  # behind the server the one without a lateral
                close(plain(answer(other, study, f"study {number}", **search)), own)
            texts.add(own["text"])
            assert (own["findings"] is None) == (name == "simple")
    assert len(texts) > 1  # they do differ by study


def test_asked_together_they_answer_as_one_by_one(folders, studies):
    export = folders / "told-export" / "1"
    served = ServedModel(export, in_process(export))
    read = [captioner.read_study(*paths) for paths in studies]
    together = [served.encode(study) for study in read]
    served.ask(together)
    for study, features in zip(read, together):
        assert set(features.answers) == {"greedy", "findings"}
        close(served.caption(features).as_dict("x"), served.caption(served.encode(study)).as_dict("x"))


def test_the_command_answers_from_an_export_and_from_a_server(folders, studies, capsys):
    export, frontal = str(folders / "told-export" / "1"), str(studies[1][0])
    assert main(["predict", frontal, "--checkpoint", str(folders / "told"), "--json"]) == 0
    own = json.loads(capsys.readouterr().out)
    assert main(["predict", frontal, "--export", export, "--json"]) == 0
    close(json.loads(capsys.readouterr().out), own)
    with serving(export) as address:
        assert main(["predict", frontal, "--export", export, "--server", address, "--json"]) == 0
        close(json.loads(capsys.readouterr().out), own)
        assert main(["predict", frontal, "--export", export, "--server", address + "2"]) == 2
        assert "refused with status 404" in capsys.readouterr().err
    assert main(["predict", frontal, "--export", export, "--server", address]) == 2
    assert capsys.readouterr().err == f"{address} cannot be reached: no model server answers there.\n"
    assert main(["predict", frontal, "--server", address]) == 2 and "--server needs --export" in capsys.readouterr().err


def test_what_is_no_export_is_one_sentence(folders, tmp_path):
    with pytest.raises(BadInput, match="export it again"):
        ServedModel(folders / "told", in_process)
    with pytest.raises(BadInput, match="no SavedModel"):
        in_process(tmp_path)
    with pytest.raises(BadInput, match="no address of a model server"):
        behind("ftp://127.0.0.1/")
