"""What the page says about a checkpoint: its own card, and something even without one."""

from panels.about import panel as about
from panels.server.model_pool import ModelPool


def test_the_card_of_the_chosen_checkpoint_is_shown(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text(f"# Card of {name}\n", encoding="utf-8")
    (tmp_path / "two" / "README.md").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "bare").mkdir()
    pool = ModelPool({name: tmp_path / name for name in ("one", "two", "bare")}, None)
    assert about.card(pool) == about.card(pool, "one") == "# Card of one"
    for name in ("two", "bare"):  # unreadable, absent
        assert f"{name} came without a card" in about.card(pool, name)


def test_without_a_checkpoint_or_for_a_name_that_is_not_offered_no_file_is_read(tmp_path):
    (tmp_path / "README.md").write_text("secret", encoding="utf-8")
    assert "no checkpoint" in about.card(ModelPool({}, None))
    assert "no checkpoint" in about.card(ModelPool({"one": tmp_path / "one"}, None), "..")


def test_the_sections_of_a_card_fold_and_nothing_of_it_is_html():
    page = about.folded("# Card\n\nFirst <b>words</b>.\n\n## Data <i>\n\n- one\n\n### Deeper\n\n## Limits\n\nNone.")
    assert page.count("<details>") == 2 and page.index("First") < page.index("<details>")
    assert "<summary>Data &lt;i&gt;</summary>" in page and "<b>words" not in page and "Deeper" in page
