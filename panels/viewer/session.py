"""What one visitor has on the page."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from captioner import Caption, Study
from captioner.images.preprocessing import Prepared
from explain.heatmap import Extent
from explain.truth import Truth
from panels.server.sessions import Remade

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


class Encoded(NamedTuple):
    """A study and what the encoder makes of it.

    Attributes:
        study: captioner.Study, at the size it is shown at.
        sizes: view name -> (rows, columns) of the pictures as they came.
        features: captioner Features.
        extent: explain.heatmap.Extent.
    """

    study: Study
    sizes: dict[str, tuple[int, int]]
    features: "Features"
    extent: Extent


@dataclass(frozen=True)
class Session:
    """What one visitor has on the page, so that another search on the same study need not run the encoder again.

    Attributes:
        key: StudyKey of the study.
        encoded: Encoded, made again from the files where it was given up; None before the first study.
        search: SearchSettings that the last caption was asked for with.
        caption: the last Caption.
        title: a line about the last caption.
        example: the example's entry that the study is; None for a visitor's own.
        truth: explain.truth.Truth about the study and the last caption.
        token: of the last caption, so that what is asked about another one can be told apart.
        maps: explanations of the last caption (panels/viewer/method.py).
    """

    key: StudyKey = StudyKey()
    encoded: Remade[Encoded] | None = field(default=None, repr=False)
    search: SearchSettings = SearchSettings()
    caption: Caption | None = None
    title: str = ""
    example: dict[str, Any] | None = None
    truth: Truth | None = None
    token: str = ""
    maps: dict[Any, Any] = field(default_factory=dict, repr=False)

    def _encoded(self) -> Encoded:
        if self.encoded is None:
            raise ValueError("there is no study yet")
        return self.encoded.get()

    @property
    def study(self) -> Study:
        """As of `Encoded`; these four raise ValueError before the first study, BadInput when its files are gone."""
        return self._encoded().study

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """As of `Encoded`."""
        return self._encoded().sizes

    @property
    def features(self) -> "Features":
        """As of `Encoded`."""
        return self._encoded().features

    @property
    def extent(self) -> Extent:
        """As of `Encoded`."""
        return self._encoded().extent

    @property
    def pictures(self) -> Prepared:
        """The study as the network takes it, for explanations."""
        prepared = self.features.prepared
        assert prepared is not None  # features of a study, and not of patches
        return prepared

    def let_go(self) -> None:
        """Give up what can be made again, which takes a moment: the encoded study, and the maps."""
        if self.encoded is not None:
            self.encoded.let_go()
        self.maps.clear()


if TYPE_CHECKING:

    class CaptionedSession(Session):
        """A Session with an impression, and so with all that an impression is made of.

        No class while the page runs: a listener asks `captioned` before it hands its session on.
        """

        caption: Caption
        truth: Truth


def captioned(session: Session | None) -> "TypeGuard[CaptionedSession]":
    """Whether there is an impression."""
    return session is not None and session.caption is not None
