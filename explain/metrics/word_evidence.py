"""The verdict on one word: guessed from language, seen in the marked area, or seen somewhere else.

It follows from the word's `explain.metrics.picture_share.PictureShare` and its
`explain.metrics.area_occlusion.AreaOcclusion`.
"""

from typing import Any

from captioner.numbers import p_value, percent
from captioner.sentence import Sentence
from explain.metrics.area_occlusion import AreaOcclusion
from explain.metrics.picture_share import PictureShare


def verdict(word: str, pictures: PictureShare, area: AreaOcclusion) -> Sentence:
    """One plain sentence: was the word guessed, seen, or seen somewhere else than marked?

    Args:
        word: its text.
        pictures: PictureShare.
        area: AreaOcclusion.
    """
    if pictures.guessed:
        return Sentence(
            "“{word}” was guessed from language: it is about as likely ({shown}) with black pictures ({blank}) or "
            "another patient's ({other}).",
            word=word,
            shown=percent(pictures.shown),
            blank=percent(pictures.blank),
            other=percent(pictures.other),
        )
    measured: dict[str, Any] = {
        "as_much": area.as_much,
        "random": len(area.random),
        "p": p_value(area.corrected_p),
        "tried": area.tried,
    }
    chance = (
        Sentence(
            "{as_much} of {random} random areas of that size do as much (p = {p}, corrected for {tried} words)",
            **measured,
        )
        if area.tried > 1
        else Sentence("{as_much} of {random} random areas of that size do as much (p = {p})", **measured)
    )
    if area.middle is not None and area.middle_wins:
        chance = Sentence(
            "{chance}, and hiding the middle of the pictures takes it to {middle}",
            chance=chance,
            middle=percent(area.middle),
        )
    if area.grounded:
        told = Sentence(
            "“{word}” rests on the marked area: hiding it takes its probability from {before} to {hidden}; {chance}."
        )
    elif area.effect:
        told = Sentence(
            "“{word}” depends on the pictures, but not on the marked area in particular: hiding it takes its "
            "probability from {before} to {hidden}; {chance}."
        )
    else:
        told = Sentence(
            "“{word}” depends on the pictures, but hardly on the marked area: hiding it takes its probability from "
            "{before} to {hidden}; {chance}."
        )
    return told.filled(word=word, before=percent(area.before), hidden=percent(area.hidden), chance=chance)


NOT_RIGHT = Sentence("What a word rests on is what the model used. It does not say that the word is right.")


def short(pictures: PictureShare, area: AreaOcclusion) -> Sentence:
    """The verdict in three or four words; arguments as of `verdict`."""
    if pictures.guessed:
        return Sentence("guessed from language")
    if area.grounded:
        return Sentence("rests on the area")
    return Sentence("not this area in particular") if area.effect else Sentence("hardly on the area")
