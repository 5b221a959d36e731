"""The benchmark of the imported checkpoint: it compares like with like, and reports what it measured."""

import subprocess
import sys
from types import SimpleNamespace

import h5py
import pytest

from benchmarks import BENCHMARKS, seed_speed
from benchmarks.__main__ import main
from benchmarks.seed_files import WORDS, tokenizer_pickle, write_seed_files
from benchmarks.seed_speed import measure
from captioner.seed_import.tokenizer_pickle import read_tokenizer


class Clock:
    """Goes on only when somebody works."""

    now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(Clock, "now", 0.0)
    monkeypatch.setattr(seed_speed, "time", Clock())


class Slow:
    """Stands in for both programs; takes its time and writes a given number of words."""

    def __init__(self, seconds, words=3, beam_words=3):
        self.seconds, self.words, self.beam_words = seconds, words, beam_words

    def caption(self, *pictures, decoding="greedy", beam_width=1):
        Clock.now += self.seconds
        if len(pictures) == 2:
            return [1] * self.words, None, None
        return SimpleNamespace(words=[1] * (self.beam_words if decoding == "beam" else self.words))


@pytest.fixture
def pictures(tmp_path):
    return seed_speed._pictures(tmp_path)


def test_each_way_is_timed_as_often_as_the_others(pictures):
    times, counts = measure(Slow(3.0), Slow(0.5), pictures, rounds=3, beam_width=5)
    assert counts == {"plain": 3, "greedy": 3, "beam 5": 3}
    assert times == {"plain": [3.0] * 3, "greedy": [0.5] * 3, "beam 5": [0.5] * 3}


def test_different_numbers_of_words_are_not_compared(pictures):
    with pytest.raises(ValueError, match="different numbers of words"):
        measure(Slow(0), Slow(0, beam_words=2), pictures, rounds=1, beam_width=5)


def test_the_report_gives_ratios_and_targets(monkeypatch, capsys):
    monkeypatch.setattr(seed_speed, "_limit_cores", lambda cores: cores)
    monkeypatch.setattr(seed_speed, "_files", lambda given, folder: (None, None, "nothing real"))
    monkeypatch.setattr(seed_speed, "_load", lambda *arguments: (Slow(1.5), Slow(0.25)))
    assert main(["seed", "--rounds", "1"]) == 0
    first, plain, greedy, beam = capsys.readouterr().out.splitlines()
    assert first == "2 cores, 1 rounds, 3 words a study, nothing real"
    assert plain.split() == "plain median 1500.0 ms, fastest 1500.0 ms".split()
    assert greedy.startswith("greedy") and greedy.endswith("6.0 times as fast as the plain loop (target 6)")
    assert beam.startswith("beam 5") and beam.endswith("6.0 times as fast as the plain loop (target 5)")


def test_every_benchmark_explains_itself(capsys):
    for name in BENCHMARKS:
        with pytest.raises(SystemExit) as stopped:
            main([name, "--help"])
        assert stopped.value.code == 0
        assert "--rounds" in capsys.readouterr().out


def test_missing_files_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(seed_speed, "_limit_cores", lambda cores: cores)
    assert main(["seed", "--files", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_made_files_are_laid_out_as_the_seed_s_own(tmp_path):
    layout = seed_speed.SHARED / "Encoder_Decoder_global_attention.layout.tsv"
    if not layout.is_file():
        pytest.skip("the layout of the seed's checkpoint is not on this machine")
    rows = [line.split("\t") for line in layout.read_text().splitlines()[1:]]
    weights, tokenizer = write_seed_files(tmp_path)
    found = {}
    with h5py.File(weights) as file:
        file.visititems(lambda name, item: found.update({name: item.shape}) if isinstance(item, h5py.Dataset) else None)
    expected = {f"{group}/{name}": shape for group, name, shape in rows}
    assert {name: str(shape) for name, shape in found.items()} == expected
    assert len(read_tokenizer(tokenizer).words) == 1386


def test_the_made_tokenizer_reads_like_a_real_one(tmp_path):
    path = tmp_path / "tokenizer.pkl"
    path.write_bytes(tokenizer_pickle({word: number for number, word in enumerate(WORDS, 1)}))
    assert read_tokenizer(path).words == WORDS


@pytest.mark.long
def test_the_imported_checkpoint_reaches_its_targets():
    # In a process of its own, which it confines to two cores.
    done = subprocess.run([sys.executable, "-m", "benchmarks", "seed"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    for line in lines[2:]:
        ratio, target = float(line.split(",")[2].split()[0]), float(line.split("(target ")[1].rstrip(")"))
        assert ratio >= target, done.stdout
