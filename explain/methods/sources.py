"""What each method shows, in one sentence, and the paper it is from: what a reader of its maps needs beside them."""

from typing import NamedTuple

from captioner.sentence import Sentence


class Source(NamedTuple):
    """For the reader of a map.

    Attributes:
        meaning: one sentence.
        paper: authors, title, year and where to find it.
    """

    meaning: Sentence
    paper: str


SOURCES = {
    "attention": Source(
        Sentence(
            "How the decoder spread its attention over both views when it chose the word: what it looked at, "
            "which need not be why it chose the word."
        ),
        "Bahdanau, Cho and Bengio, Neural machine translation by jointly learning to align and translate, 2015, "
        "arXiv 1409.0473; as maps over a picture: Xu et al., Show, attend and tell, 2015, arXiv 1502.03044",
    ),
    "grad-cam": Source(
        Sentence("Which places hold the features that would make the word likelier if there were more of them."),
        "Selvaraju et al., Grad-CAM: Visual explanations from deep networks via gradient-based localization, 2017, "
        "arXiv 1610.02391",
    ),
    "feature-occlusion": Source(
        Sentence(
            "How far the word's log probability falls when the decoder is not told what the encoder found at a place."
        ),
        "after Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014, arXiv 1311.2901, "
        "moved from the picture to the encoder's features",
    ),
    "occlusion": Source(
        Sentence("How far the word's log probability falls when a patch of the picture is blurred away."),
        "Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014, arXiv 1311.2901",
    ),
    "integrated-gradients": Source(
        Sentence(
            "How much each place adds to the word's log probability on the way from blurred pictures to the real ones."
        ),
        "Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017, arXiv 1703.01365",
    ),
    "smooth-grad": Source(
        Sentence(
            "Where a small change of the picture would move the word's log probability most, up or down, "
            "averaged over noisy copies."
        ),
        "Smilkov et al., SmoothGrad: removing noise by adding noise, 2017, arXiv 1706.03825",
    ),
}
"""Name of a method, as in explain.methods.base.METHODS -> Source."""
