"""What the page says about a checkpoint: its own card, and something even without one."""

from panels import about
from panels.shelf import Shelf


def test_the_card_of_the_chosen_checkpoint_is_shown(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.md").write_text(f"# Card of {name}\n", encoding="utf-8")
    (tmp_path / "two" / "card.md").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "bare").mkdir()
    shelf = Shelf({name: tmp_path / name for name in ("one", "two", "bare")}, None)
    assert about.card(shelf) == about.card(shelf, "one") == "# Card of one"
    for name in ("two", "bare"):  # unreadable, absent
        assert f"{name} came without a card" in about.card(shelf, name)


def test_without_a_checkpoint_or_for_a_name_that_is_not_offered_no_file_is_read(tmp_path):
    (tmp_path / "card.md").write_text("secret", encoding="utf-8")
    assert "no checkpoint" in about.card(Shelf({}, None))
    assert "no checkpoint" in about.card(Shelf({"one": tmp_path / "one"}, None), "..")
