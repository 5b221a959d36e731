"""Cards: the header that the Hub reads, the sections of Mitchell et al. 2019, and that the two agree on every score."""

import re
import shutil

import pytest
import yaml

from captioner.__main__ import main
from captioner.checkpoint.store import available, load, read_config
from captioner.errors import BadInput
from captioner.hub import card
from captioner.hub.card import SECTIONS, TO_WRITE, parted, write_card

SHIPPED = available()
BODY = """# Tiny

On the 7 studies of the val split:

<!-- scores -->
|  | macro F1 | balanced accuracy | CIDEr-D | ROUGE-L | seed's BLEU-1..4 | distinct |
| --- | --- | --- | --- | --- | --- | --- |
| **tiny, greedy** | 0.250 (0.100 to 0.400) | 0.700 (0.600 to 0.800) | 1.500 (1.000 to 2.000) | - | .1 .2 .3 .4 | 3 |
| other, greedy | 0.900 (0.100 to 0.950) | 0.900 (0.600 to 0.950) | 1.900 (1.000 to 2.000) | 0.9 | .1 .2 .3 .4 | 3 |
| constant | 0.000 (0.000 to 0.000) | 0.500 (0.500 to 0.500) | 1.400 (1.000 to 2.000) | 0.4 | .1 .2 .3 .4 | 1 |

Macro F1 lost.

|  | side right |
| --- | --- |
| **tiny, greedy** | 99 |
<!-- end of scores -->
"""


def header(path):
    return yaml.safe_load(parted(path.read_text(encoding="utf-8"))[0])


@pytest.fixture
def folder(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "tiny")


def test_a_new_card_has_every_section_and_says_what_is_still_to_be_written(folder):
    (folder / "README.md").unlink()
    text = write_card(folder).read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    assert text.count(TO_WRITE) == 4 and "{" not in text.partition("```")[0]
    assert "64 x 64 pixels" in text and "2 x 2 cells" in text and "8 tokens" in text
    values = header(folder / "README.md")
    assert values["license"] == "cc-by-nc-nd-4.0" and values["pipeline_tag"] == "image-to-text"
    assert "model-index" not in values  # nothing was measured
    assert load(folder).name == "tiny"  # it is still a whole checkpoint


def test_the_scores_of_the_header_are_those_of_the_card_s_own_row(folder):
    (folder / "README.md").write_text(BODY.replace(" | - | ", " | 0.300 (0.2 to 0.4) | "), encoding="utf-8")
    write_card(folder, ["nih", "iu"])
    values = header(folder / "README.md")
    (model,) = values["model-index"]
    (result,) = model["results"]
    assert model["name"] == "tiny" and result["dataset"]["split"] == "val"
    found = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert found == {"f1": 0.25, "balanced_accuracy": 0.7, "cider": 1.5, "rouge": 0.3}
    assert "(always the same sentence: 1.400)" in result["metrics"][2]["name"]
    assert values["license"] == "other" and len(values["datasets"]) == 2


def test_a_score_that_is_not_defined_is_left_out(folder):
    (folder / "README.md").write_text(BODY, encoding="utf-8")
    write_card(folder)
    (result,) = header(folder / "README.md")["model-index"][0]["results"]
    assert [metric["type"] for metric in result["metrics"]] == ["f1", "balanced_accuracy", "cider"]


def test_renewed_it_keeps_its_words_and_what_it_learned_from(folder):
    (folder / "README.md").write_text(BODY, encoding="utf-8")
    write_card(folder, ["iu", "nih"])
    before = (folder / "README.md").read_bytes()
    (folder / "README.md").rename(folder / "card.md")  # as an older checkpoint has it
    write_card(folder)
    assert (folder / "README.md").read_bytes() == before and not (folder / "card.md").exists()
    assert parted(before.decode())[1] == BODY and len(header(folder / "README.md")["datasets"]) == 2


def test_bad_folders_and_cards_are_one_sentence_and_stay(folder, tmp_path, capsys):
    (folder / "README.md").write_bytes(b"\xff\xfe")
    assert main(["card", "--checkpoint", str(folder)]) == 2
    assert capsys.readouterr().err == "tiny/README.md is not text in UTF-8.\n"
    assert (folder / "README.md").read_bytes() == b"\xff\xfe"
    with pytest.raises(BadInput, match="no checkpoint folder"):
        write_card(tmp_path / "nowhere")
    (folder / "notes.txt").write_text("mine")
    (folder / "README.md").write_text("# Tiny\n")
    with pytest.raises(BadInput, match="notes.txt"):
        write_card(folder)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_card_is_whole_and_its_header_is_what_the_command_would_write(path):
    text = (path / "README.md").read_text(encoding="utf-8")
    yaml_text, body = parted(text)
    assert tuple(re.findall(r"^## (.+)$", body, re.MULTILINE)) == SECTIONS
    assert TO_WRITE not in text
    known = [name for name, source in card.COLLECTIONS.items() if source.dataset in yaml_text]
    assert text == card.header(path.name, read_config(path), known, body) + body
    assert all(source.title.split(" (")[0].split(" chest")[0] in body for source in map(card.COLLECTIONS.get, known))
