"""What one visitor has on the page."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from captioner import Caption, Study
from captioner.images.preprocessing import Prepared
from explain.heatmap import Extent
from explain.truth import Truth

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Features


class StudyKey(NamedTuple):
    """What tells one study under one checkpoint from another.

    Attributes:
        frontal, lateral: paths of the two files; "" for none.
        checkpoint: its name.
        mended: names of the mendings that were done to the pictures (captioner/images/mending.py).
    """

    frontal: str = ""
    lateral: str = ""
    checkpoint: str = ""
    mended: tuple[str, ...] = ()


class SearchSettings(NamedTuple):
    """How a visitor wants the impression to be searched for.

    Attributes:
        decoding: "greedy" or "beam".
        width: hypotheses that the beam keeps, 1 to 10; greedy search does not use it.
        length_penalty: 0 to 2.
    """

    decoding: str = "greedy"
    width: int = 3
    length_penalty: float = 0.7


@dataclass(frozen=True)
class Session:
    """What one visitor has on the page, so that another search on the same study need not run the encoder again.

    Attributes:
        key: StudyKey that `features` were made of.
        study: captioner.Study, at the size it is shown at.
        sizes: view name -> (rows, columns) of the pictures as they came.
        features: captioner Features.
        extent: explain.heatmap.Extent.
        search: SearchSettings that the last caption was asked for with.
        caption: the last Caption.
        title: a line about the last caption.
        example: the example's entry that the study is; None for a visitor's own.
        truth: explain.truth.Truth about the study and the last caption.
        token: of the last caption, so that what is asked about another one can be told apart.
        maps: explanations of the last caption (panels/viewer/method.py).
    """

    key: StudyKey = StudyKey()
    study: Study | None = None
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    features: "Features | None" = field(default=None, repr=False)
    extent: Extent | None = None
    search: SearchSettings = SearchSettings()
    caption: Caption | None = None
    title: str = ""
    example: dict[str, Any] | None = None
    truth: Truth | None = None
    token: str = ""
    maps: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def pictures(self) -> Prepared:
        """The study as the network takes it, for explanations; ValueError before the first study."""
        if self.features is None or self.features.prepared is None:
            raise ValueError("there is no study yet")
        return self.features.prepared


if TYPE_CHECKING:

    class CaptionedSession(Session):
        """A Session with an impression, and so with all that an impression is made of.

        No class while the page runs: a listener asks `captioned` before it hands its session on.
        """

        study: Study
        features: Features
        extent: Extent
        caption: Caption
        truth: Truth


def captioned(session: Session | None) -> "TypeGuard[CaptionedSession]":
    """Whether there is an impression."""
    return session is not None and session.caption is not None
