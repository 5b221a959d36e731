"""The verdict on one word: guessed from language, seen in the marked area, or seen somewhere else.

It follows from the word's `explain.metrics.picture_share.PictureShare` and its
`explain.metrics.area_occlusion.AreaOcclusion`.
"""

from captioner.numbers import p_value, percent
from explain.metrics.area_occlusion import AreaOcclusion
from explain.metrics.picture_share import PictureShare


def verdict(word: str, pictures: PictureShare, area: AreaOcclusion) -> str:
    """One plain sentence: was the word guessed, seen, or seen somewhere else than marked?

    Args:
        word: its text.
        pictures: PictureShare.
        area: AreaOcclusion.
    """
    if pictures.guessed:
        return (
            f"“{word}” was guessed from language: it is about as likely ({percent(pictures.shown)}) with black "
            f"pictures ({percent(pictures.blank)}) or another patient's ({percent(pictures.other)})."
        )
    change = f"hiding it takes its probability from {percent(area.before)} to {percent(area.hidden)}"
    corrected = f", corrected for {area.tried} words" if area.tried > 1 else ""
    chance = (
        f"{area.as_much} of {len(area.random)} random areas of that size do as much (p = {p_value(area.corrected_p)}"
        f"{corrected})"
    )
    middle = ""
    if area.middle is not None and area.middle_wins:
        middle = f", and hiding the middle of the pictures takes it to {percent(area.middle)}"
    if area.grounded:
        return f"“{word}” rests on the marked area: {change}; {chance}{middle}."
    if not area.effect:
        return f"“{word}” depends on the pictures, but hardly on the marked area: {change}; {chance}{middle}."
    return f"“{word}” depends on the pictures, but not on the marked area in particular: {change}; {chance}{middle}."


NOT_RIGHT = "What a word rests on is what the model used. It does not say that the word is right."


def short(pictures: PictureShare, area: AreaOcclusion) -> str:
    """The verdict in three or four words; arguments as of `verdict`."""
    if pictures.guessed:
        return "guessed from language"
    if area.grounded:
        return "rests on the area"
    return "not this area in particular" if area.effect else "hardly on the area"
