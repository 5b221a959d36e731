"""Very many studies on Ray: two workers on this machine, rows as those of `predict --studies`, and going on."""

import importlib.util
import json
import sys
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.serving import ray_batch
from captioner.serving.ray_batch import Store, Worker, predict_table
from tests.captioner.serving.test_served_model import close

with_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra batch is not installed")


@pytest.fixture
def table(studies, tmp_path, monkeypatch):
    """Twenty studies of three pairs of pictures; one has no lateral, one picture is broken and one is nowhere."""
    monkeypatch.chdir(tmp_path)  # a worker changes its folder, and here it is the test's own
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    lines = ["study,frontal,lateral,mend"]
    for number in range(18):
        frontal, lateral = studies[number % 3]
        lines.append(f"study {number},{frontal},{lateral or ''},{'frontal: invert' if number == 5 else ''}")
    lines += [f"broken,broken.png,{studies[0][1]},", "nowhere,missing/frontal.png,,"]
    path = tmp_path / "studies.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def export(folders):
    return folders / "told-export" / "1"


@with_ray
def test_two_workers_answer_as_predict_does(folders, export, table, tmp_path, capsys):
    search = ["--decoding", "beam", "--beam-width", "2"]
    own, out = tmp_path / "own.jsonl", tmp_path / "out"
    assert (
        main(["predict", "--studies", str(table), "--out", str(own), "--checkpoint", str(folders / "told"), *search])
        == 2
    )
    capsys.readouterr()
    arguments = ["batch", "--studies", str(table), "--export", str(export), "--out", str(out), *search]
    assert main(arguments) == 2  # as predict: two could not be read
    told = capsys.readouterr()
    assert told.out == "20 studies, 20 answered, 0 kept, 2 failed\n"
    assert told.err.splitlines()[-1].startswith("2 of the 20 studies")
    found, wanted = rows(out / "predictions.jsonl"), rows(own)
    assert [line["study"] for line in found] == [f"study {number}" for number in range(18)] + ["broken", "nowhere"]
    close(found, wanted)
    assert "was inverted" in found[5]["notices"][0] and found[5]["text"] != found[2]["text"]
    assert len(list((out / "parts").iterdir())) == 3  # eight studies a part


def worker(export, table, out):
    return Worker(str(table), str(export), str(out), {"decoding": "greedy"}, str(out.parent))


def batch(table, first, last):
    lines = [line.split(",") for line in table.read_text().splitlines()[1:]][first:last]
    return {
        column: [line[place] for line in lines] for place, column in enumerate(("study", "frontal", "lateral", "mend"))
    }


class Engine:
    """Ray's part of `predict_table` in this process: batch after batch, by one worker."""

    DataContext = SimpleNamespace(get_current=SimpleNamespace)

    def from_items(self, items, **_):
        self.items = items
        return self

    def ActorPoolStrategy(self, size):
        return size

    def map_batches(self, made, fn_constructor_args, batch_size, **_):
        answering = made(*fn_constructor_args)
        for first in range(0, len(self.items), batch_size):
            together = self.items[first : first + batch_size]
            answering({column: [item[column] for item in together] for column in together[0]})
        return self

    def iter_rows(self):
        return iter(self.items)


def test_a_run_that_was_stopped_goes_on_with_what_is_there(export, table, tmp_path, monkeypatch):
    one_process = SimpleNamespace(is_initialized=lambda: True, data=Engine())
    monkeypatch.setitem(sys.modules, "ray", one_process)
    monkeypatch.setattr(ray_batch, "find_spec", lambda name: True)
    out = tmp_path / "out"
    store = Store(str(table), str(out))
    search = {"decoding": "greedy"}
    import hashlib

    begun = {"table": hashlib.sha256(table.read_bytes()).hexdigest(), "export": ray_batch._checksum(export)}
    store.begin({**begun, "search": search})
    worker(export, table, out)(batch(table, 0, 8))  # as far as a killed run came
    (out / "parts" / "x.jsonl.123.part").write_text('{"study": "study 9", "te')  # and what it was writing
    before = {line["study"]: line for line in store.lines()}
    counts = predict_table(str(table), export, str(out), 1, **search)
    assert counts == {"studies": 20, "answered": 12, "kept": 8, "failed": 2}
    found = rows(out / "predictions.jsonl")
    assert [line for line in found if line["study"] in before] == list(before.values())
    # Once more: the failed ones alone, and one of them can be read now.
    (tmp_path / "broken.png").write_bytes(open(batch(table, 0, 1)["frontal"][0], "rb").read())
    counts = predict_table(str(table), export, str(out), 1, **search)
    assert counts == {"studies": 20, "answered": 2, "kept": 18, "failed": 1}
    assert [line["study"] for line in rows(out / "predictions.jsonl") if "error" in line] == ["nowhere"]
    with pytest.raises(BadInput, match="another table, export or search"):
        predict_table(str(table), export, str(out), 1, decoding="beam")


def test_tables_pictures_and_answers_may_be_on_another_store(export, table, studies):
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/cxr/frontal.png", studies[0][0].read_bytes())
    memory.pipe_file("/cxr/studies.csv", b"study,frontal,lateral\none,frontal.png,\ntwo,missing.png,\n")
    made = Worker("memory://cxr/studies.csv", str(export), "memory://answers/run", {"decoding": "greedy"}, "/")
    pictures = {"frontal": ["frontal.png", "missing.png"], "lateral": ["", ""]}
    made({"study": ["one", "two"], **pictures, "mend": ["", "both: swap"]})
    lines = {line["study"]: line for line in Store("memory://cxr/studies.csv", "memory://answers/run").lines()}
    assert lines["one"]["words"] is not None and len(lines["one"]["findings"]) == 13
    assert np.sum(lines["one"]["findings"][0]["map"]) == pytest.approx(1, abs=1e-4)
    assert lines["two"]["error"] == "missing.png does not exist: looked for in /cxr."


def test_without_maps_a_worker_writes_the_same_but_for_them(export, table, studies, tmp_path):
    asked = {"study": ["one"], "frontal": [str(studies[0][0])], "lateral": [""], "mend": [""]}
    found = []
    for maps in (True, False):
        out = tmp_path / str(maps)
        Worker(str(table), str(export), str(out), {"decoding": "greedy"}, str(tmp_path), maps)(asked)
        found += Store(str(table), str(out)).lines()
    whole, line = found
    assert all(each["map"] is None for each in line["findings"])
    for each in whole["findings"]:
        each["map"] = None
    for word in whole["words"]:
        word["attention"] = None
    assert line == whole


def test_few_lines_are_held_while_they_become_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_batch, "PARTS_AT_ONCE", 2)
    store = Store(str(tmp_path / "studies.csv"), str(tmp_path / "out"))
    for part in range(6):
        lines = [json.dumps({"study": f"{part}{each}", "text": "x"}) for each in "ab"]
        store.write(f"parts/{part}.jsonl", ("\n".join(lines) + "\n").encode())
    store.write("parts/5-again.jsonl", b'{"study": "5b", "error": "gone"}\n{"study": "6", "error": "gone"}\n')
    places = store.places()
    assert len(places) == 13 and [study for study, place in places.items() if place.failed] == ["6"]
    read = []
    cat = store._write.cat_file
    monkeypatch.setattr(store._write, "cat_file", lambda path: read.append(path) or cat(path))
    wanted = [f"{part}{each}" for part in (3, 1, 2, 5, 0, 4) for each in "ba"]
    store.join([places[study] for study in wanted])
    assert [line["study"] for line in rows(tmp_path / "out" / "predictions.jsonl")] == wanted
    assert len(read) == 6  # each part once, since neighbours are together
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] == ["predictions.jsonl"]


def test_what_is_not_its_own_is_left_and_bad_places_are_one_sentence(table, export, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="holds something else"):
        Store(str(table), str(tmp_path / "mine")).begin({})
    with pytest.raises(BadInput, match="cannot be read"):
        Store(str(tmp_path / "none.csv"), str(tmp_path / "o")).table()
    with pytest.raises(BadInput, match="[Pp]rotocol"):
        Store("nosuchstore://x", str(tmp_path / "o"))
    monkeypatch.setattr(ray_batch, "find_spec", lambda name: None)
    assert main(["batch", "--studies", str(table), "--export", str(export), "--out", str(tmp_path / "o")]) == 2
    assert 'pip install "ray[data]' in capsys.readouterr().err


def test_an_engine_that_does_not_start_is_one_sentence(tmp_path, monkeypatch):
    def init(**_):
        raise Exception("The current node timed out during startup.\nAnd more of it.")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    monkeypatch.setattr(ray_batch, "find_spec", lambda name: True)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "studies.csv").write_text("study,frontal,lateral\na,x.png,\n")
    (tmp_path / "export" / "assets.extra").mkdir(parents=True)
    (tmp_path / "export" / "assets.extra" / "config.json").write_text("{}")
    with pytest.raises(
        BadInput, match="^Ray did not start on this machine: The current node timed out during startup. N"
    ):
        predict_table(str(tmp_path / "studies.csv"), tmp_path / "export", str(tmp_path / "out"))
