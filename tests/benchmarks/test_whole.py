"""The table: medians taken in turns, ratios beside their targets, growth by a straight line, and a short real run."""

import sys

import numpy as np
import pytest

from benchmarks import growth, ray_scaling, study_speed, timing, visitors, whole
from benchmarks.__main__ import main
from benchmarks.timing import Row, in_turns, markdown
from captioner.images.study import Study, View


class Clock:
    """Goes on only when somebody works."""

    now = 0.0

    def perf_counter(self):
        return self.now

    def work(self, seconds):
        self.now += seconds


def test_ways_take_turns_and_their_median_counts(monkeypatch):
    clock, order = Clock(), []
    monkeypatch.setattr(timing, "time", clock)
    spans = iter([9, 9, 3, 1, 2])

    def slow():
        order.append("slow")
        clock.work(next(spans))

    def fast():
        order.append("fast")
        clock.work(0.5)

    assert in_turns({"slow": slow, "fast": fast}, 3) == {"slow": 2, "fast": 0.5}
    assert order[4:] == ["slow", "fast"] * 3


def test_the_table_says_what_is_kept_and_what_is_missed():
    rows = [Row("a", "1 ms"), Row("b", "2 ms", 1.2, 1.3, "a"), Row("c", "3 ms", 1.4, 1.3)]
    assert [row.kept for row in rows] == [None, True, False]
    lines = markdown(rows)
    assert lines[2:] == [
        "| a | 1 ms |  |  |  |",
        "| b | 2 ms | 1.20 x a | <= 1.3 | kept |",
        "| c | 3 ms | 1.40 | <= 1.3 | missed |",
    ]


def test_a_straight_line_is_found_and_a_bend_is_not_one():
    slope, start, fit = growth.line({1: 3.0, 2: 5.0, 4: 9.0})
    assert (slope, start, fit) == pytest.approx((2, 1, 1))
    assert growth.line({1: 1.0, 5: 25.0, 10: 100.0, 40: 1600.0})[2] < 0.98


@pytest.fixture(scope="module")
def model(tiny_checkpoint, loaded):
    return loaded(tiny_checkpoint)


@pytest.fixture(scope="module")
def study():
    numbers = np.random.default_rng(0)
    return Study(*(View(name, numbers.integers(0, 256, (80, 70), np.uint8)) for name in ("frontal", "lateral")))


def test_the_search_without_an_end_takes_all_its_steps(model, study, tmp_path):
    words, widths = growth.measure(model, study, 1)
    assert tuple(words) == growth.WORDS and tuple(widths) == growth.WIDTHS
    growth.draw(words, widths, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes()[:4] == b"\x89PNG"


def test_one_study_gives_its_lines(model, study):
    rows = study_speed.rows(model, study, 1)
    assert [row.target for row in rows] == [None, None, None, None, 1.3, 1.5, 1, 1, *[1] * model.has_findings]
    assert all(row.ratio is None or row.ratio > 0 for row in rows)


def test_the_encoder_s_operations_are_counted_by_hand(model):
    """A stem of 7 x 7 over 1 channel to 8 maps of 32 x 32, for two pictures of 64 pixels, and little beside."""
    stem = 2 * 2 * 32 * 32 * 8 * 49
    counted = study_speed.flops(model, (1, 2, 64, 64, 1))
    assert stem < counted < 2 * stem
    rest = 0
    for layer in model.network.encoder.layers:
        if type(layer).__name__ == "Conv2D" and layer.name != "conv1_conv":
            block = (
                int(layer.name[4]) if layer.name.startswith("conv") else int(layer.name[4]) + 1
            )  # a transition halves first
            side = 64 >> block if layer.name.startswith("conv") else 64 >> block
            rest += 2 * 2 * side * side * int(np.prod(layer.kernel.shape))
    assert counted == stem + rest


def test_without_a_name_the_whole_table_is_made(read_once, tiny_checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(whole, "_limit_cores", lambda cores: cores)
    arguments = [
        "--quick",
        "--rounds",
        "1",
        "--only",
        "study",
        "growth",
        "--checkpoint",
        str(tiny_checkpoint),
        "--out",
        str(tmp_path),
    ]
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    assert main() == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "benchmarks.md").read_text() == printed and (tmp_path / "growth.png").is_file()
    assert "Study to impression, greedy" in printed and "| kept |" in printed


@pytest.mark.long
def test_the_evidence_is_timed_with_as_many_areas_and_orders_as_the_page_takes(
    read_once, tiny_checkpoint, monkeypatch, capsys
):
    from benchmarks import whole
    from explain.metrics import area_occlusion, deletion_insertion

    orders, areas = [], []
    uninformed, test = deletion_insertion.uninformed, area_occlusion.AreaOcclusionTest.__init__
    monkeypatch.setattr(whole, "_limit_cores", lambda cores: cores)
    monkeypatch.setattr(
        deletion_insertion,
        "uninformed",
        lambda hiding, steps, random, **more: orders.append((steps, random)) or uninformed(hiding, steps, 2, **more),
    )
    monkeypatch.setattr(
        area_occlusion.AreaOcclusionTest,
        "__init__",
        lambda self, *asked, random, **more: areas.append(random) or test(self, *asked, random=3, **more),
    )
    assert main(["all", "--quick", "--only", "evidence", "--checkpoint", str(tiny_checkpoint)]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("One word on trial, cold", "A method on random weights, the first time"))
    assert orders == [(10, 19)] * 2 and areas == [99] * 2


@pytest.fixture
def own_cores(monkeypatch):
    """As many cores as there are: TensorFlow runs in this process already, and takes no other number."""
    monkeypatch.setattr(whole, "_limit_cores", lambda cores: cores)


def test_visitors_of_a_core_by_hand():
    assert visitors.served(rate=5.0, pause=20.0) == 100  # a hundred who ask every 20 seconds ask five times a second


def test_the_start_is_not_counted_and_without_ray_nothing_is_made_up(monkeypatch):
    assert ray_scaling.rate(10, 12.0, 30, 22.0) == 2.0 and ray_scaling.rate(10, 12.0, 30, 11.0) == 0.0
    monkeypatch.setattr(ray_scaling, "find_spec", lambda name: None)
    (row,) = ray_scaling.rows(None, [], 10)
    assert row.value.startswith("not measured") and row.ratio is None


def test_one_worker_and_two_are_compared(monkeypatch, tmp_path):
    """With a clock in the place of Ray: two seconds of start, then a tenth of a second for a study and worker."""
    monkeypatch.setattr(ray_scaling, "find_spec", lambda name: True)
    monkeypatch.setattr(ray_scaling, "_command", lambda *arguments: None)
    monkeypatch.setattr(
        ray_scaling, "_seconds", lambda folder, export, examples, count, workers: 2 + count / 10 / workers
    )
    one, two = ray_scaling.rows(None, [("a", "b")], 40)
    assert (one.value, two.value, two.ratio) == ("10.0 studies/s", "20.0 studies/s", pytest.approx(2))


@pytest.mark.long
def test_visitors_at_once_give_their_lines(tiny_checkpoint, own_cores, capsys):
    assert main(["all", "--quick", "--only", "visitors", "--checkpoint", str(tiny_checkpoint)]) == 0
    printed = capsys.readouterr().out
    assert "Impressions for 2 visitors at once" in printed and "Memory of a visitor, mean of 3" in printed


@pytest.mark.long
def test_ray_on_one_core_and_on_two(tiny_checkpoint, own_cores, capsys):
    pytest.importorskip("ray", reason="the extra batch is not installed")
    assert main(["all", "--quick", "--only", "ray", "--checkpoint", str(tiny_checkpoint)]) == 0
    assert "x one worker" in capsys.readouterr().out


@pytest.mark.long
def test_the_page_and_many_studies_give_their_lines(tiny_checkpoint, own_cores, capsys):
    assert main(["all", "--quick", "--only", "page", "many", "--checkpoint", str(tiny_checkpoint)]) == 0
    assert "studies/s" in capsys.readouterr().out


def test_a_count_of_studies_below_one_is_refused(capsys):
    assert main(["all", "--only", "many", "--studies", "0"]) == 2
    assert capsys.readouterr().err == "--studies must be at least 1.\n"
