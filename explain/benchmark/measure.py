"""One study on trial: all that is measured of its finding words, or of its findings, by every method, as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.images.preprocessing import Prepared
from captioner.reports.findings import FINDINGS, mentions
from captioner.reports.index_locations import Place
from explain.benchmark.cases import placed
from explain.heatmap import WHOLE
from explain.methods.question import Findings, ask
from explain.metrics import (
    area_occlusion,
    attention_entropy,
    deletion_insertion,
    localisation,
    picture_share,
    side_agreement,
)
from explain.metrics.masking import Hiding

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from captioner.reports.index_locations import PlacedWord
    from explain.benchmark.cases import Case
    from explain.heatmap import Extent
    from explain.methods.base import Explanation, Method

MARGINS = {"pointing": localisation.MARGIN, "pointing_strict": 0.0}


@dataclass(frozen=True)
class Budget:
    """How much is spent on a word.

    Attributes:
        steps: of the deletion and insertion curves.
        orders: random orders that they are compared with.
        areas: random areas that hiding is compared with.
        hidden: share of the pixels that is hidden at once.
    """

    steps: int = 8
    orders: int = 2
    areas: int = 39
    hidden: float = area_occlusion.SHARE


@dataclass(frozen=True, eq=False)
class Item:
    """What one map is about.

    Attributes:
        position: place of the word, or number of the finding in FINDINGS.
        text: the word, or the name of the finding.
        finding: its name.
        masks: bool `(2, H, W)`, where it lies; None where that is not known.
        place: where the index says that it lies.
    """

    position: int
    text: str
    finding: str
    masks: np.ndarray | None
    place: Place


class Benchmark:
    """Measures one case; a subclass says what is asked of it, and about what.

    Args:
        model: Captioner.
        case: explain.benchmark.cases.Case.
        budget: Budget.
        others: studies of other patients, for the pictures' own share; phantoms when None.

    Attributes:
        items: one Item a map; nothing is measured when there is none.
    """

    def __init__(
        self, model: Captioner, case: Case, budget: Budget = Budget(), others: Sequence[Study | Prepared] | None = None
    ) -> None:
        from captioner.images.preprocessing import prepare

        self.model, self.case, self.budget, self.others = model, case, budget, others
        self.pictures = prepare(case.study, model.config["preparation"])
        self.mask = self.pictures[1]
        self.items = self._items()

    def _items(self) -> list[Item]:
        raise NotImplementedError

    def question(self) -> tuple[Prepared, Any, list[int] | None]:
        """`(study, tokens, positions)` for `explain.methods.base.Method.explain`."""
        raise NotImplementedError

    def words(self) -> list[dict[str, Any]]:
        """Records of the items themselves, whatever the method: a list of dicts.

        "random" and "centre" hold what maps that know nothing of the model reach, under the names of `maps`.
        """
        shares = picture_share.picture_shares(self.model, self._hiding.question, self.others)
        return [
            {
                "study": self.case.name,
                "position": item.position,
                "word": item.text,
                "finding": item.finding,
                "pictures": {**asdict(share), "moved": share.moved, "guessed": share.guessed},
                "random": random,
                "centre": centre,
            }
            for item, share, random, centre in zip(self.items, shares, self._random(), self._centre(), strict=True)
        ]

    def maps(self, found: Explanation) -> list[dict[str, Any]]:
        """Records of one method's maps, an Explanation of `question()`: a list of dicts, one an item.

        Keys: "pointing", "pointing_strict", "overlap" (by view, None without masks), "spread"
        (`explain.metrics.side_agreement.shares`), "side", "zone" (None where the index names none), "deletion",
        "insertion" (areas), "hidden" (p and so on), and "attention_entropy" for attention.
        """
        return [self._record(number, values, found.extent) for number, values in enumerate(found.maps)]

    @cached_property
    def _hiding(self) -> Hiding:
        return Hiding(self.model, ask(self.model, *self.question()))

    @cached_property
    def _area_test(self) -> area_occlusion.AreaOcclusionTest:
        """All methods share the random areas."""
        hiding, budget = self._hiding, self.budget
        return area_occlusion.AreaOcclusionTest(self.model, hiding.question, budget.hidden, budget.areas, hiding=hiding)

    def _record(self, number: int, values: np.ndarray, extent: Extent) -> dict[str, Any]:
        item = self.items[number]
        found = {
            "study": self.case.name,
            "position": item.position,
            "finding": item.finding,
            **self._pointing(item, values, extent),
        }
        found |= sides(item.place, values, extent)
        ranked = self._order(values, extent)
        found |= self._areas(ranked, [number])[0]
        hidden = self._area_test.of_ranked(number, ranked)
        found["hidden"] = {
            "before": hidden.before,
            "after": hidden.hidden,
            "p": hidden.p,
            "grounded": hidden.grounded,
            "random": float(hidden.random.mean()),
        }
        if (values >= 0).all() and values.sum() > 0:
            found["attention_entropy"] = asdict(attention_entropy.attention_entropy(values, self.mask))
        return found

    def _pointing(self, item: Item, values: np.ndarray, extent: Extent = WHOLE) -> dict[str, Any]:
        """Pointing and overlap of a map of an item; nothing where the finding has no mask."""
        masks = item.masks
        if masks is None:
            return {}
        return {
            **{
                name: localisation.pointing_game(values, masks, self.mask, extent, margin)
                for name, margin in MARGINS.items()
            },
            "overlap": localisation.ious(values, masks, self.mask, extent),
        }

    def _order(self, values: np.ndarray, extent: Extent = WHOLE) -> np.ndarray:
        return deletion_insertion.order(values, extent, self.mask, self.pictures[0].shape[1], self.model.grid)

    def _areas(self, ranked: np.ndarray, words: Sequence[int] | None = None) -> list[dict[str, float]]:
        """Areas under the curves of some items, or all, by one order of the pixels: a list of dicts."""
        return [
            {"deletion": curves.deletion_area, "insertion": curves.insertion_area}
            for curves in deletion_insertion.of_words(self._hiding, ranked, self.budget.steps, words)
        ]

    def _random(self) -> list[dict[str, Any]]:
        """What random maps reach, item by item; all items share the orders."""
        numbers = np.random.default_rng((self.items[0].position, len(self.case.caption.split())))
        drawn = [numbers.random((2, *self.model.grid)) for _ in range(self.budget.orders)]
        areas = [self._areas(self._order(values)) for values in drawn]
        found = []
        for number, item in enumerate(self.items):
            own: dict[str, Any] = {
                name: float(np.mean([each[number][name] for each in areas])) for name in ("deletion", "insertion")
            }
            if item.masks is not None:
                own |= {
                    name: localisation.random_pointing(item.masks, self.mask, margin)
                    for name, margin in MARGINS.items()
                }
                own["overlap"] = localisation.ious(drawn[0], item.masks, self.mask)
            found.append(own)
        return found

    def _centre(self) -> list[dict[str, Any]]:
        """What a Gaussian in the middle of each view reaches, item by item."""
        values = np.stack([deletion_insertion.centre(self.pictures[0].shape[1])] * 2)
        return [
            {**areas, **self._pointing(item, values)}
            for item, areas in zip(self.items, self._areas(self._order(values)), strict=True)
        ]


class WordBenchmark(Benchmark):
    """Measures the finding words of a case's reference, read to the model word by word.

    Attributes:
        positions: places of the finding words that the vocabulary knows.
    """

    @property
    def positions(self) -> list[int]:
        return [item.position for item in self.items]

    @cached_property
    def tokens(self) -> list[int]:
        return self.model.vocabulary.encode(self.case.caption)

    def question(self) -> tuple[Prepared, list[int], list[int]]:
        return self.pictures, self.tokens, self.positions

    def _items(self) -> list[Item]:
        texts, where = self.case.caption.split(), self.case.placed
        return [
            Item(place, texts[place], finding, self.case.masks.get(place), _place(where.get(place)))
            for place, finding in self.case.words.items()
            if self.tokens[place] != self.model.vocabulary.unknown
        ]

    def generated(self, methods: Sequence[Method]) -> dict[str, list[dict[str, Any]]]:
        """Records of side and zone for the words that the model itself wrote and whose places the index gives.

        Returns:
            dict from a method's name to a list of dicts, as `maps` but "spread", "side" and "zone" alone.
        """
        caption = self.model.caption(self.case.study)
        where = placed(caption.text, self.case.mesh)
        tokens = [word.token_id for word in caption.words]
        found = {}
        for method in methods:
            maps = method.explain(self.model, self.pictures, tokens, list(where)) if where else None
            found[method.name] = [
                {
                    "study": self.case.name,
                    "position": place,
                    "word": caption.words[place].text,
                    **sides(where[place].place, maps.maps[word], maps.extent),
                }
                for word, place in enumerate(where)
                if maps is not None
            ]
        return found


class FindingBenchmark(Benchmark):
    """Measures the findings that a case's reference states, by what the finding head says of them."""

    def question(self) -> tuple[Prepared, Findings, None]:
        return self.pictures, Findings(tuple(item.finding for item in self.items)), None

    def _items(self) -> list[Item]:
        places: dict[str, list[int]] = {}
        for mention in mentions(self.case.caption):
            places.setdefault(mention.finding, []).extend(range(mention.start, mention.end))
        where, items = self.case.placed, []
        for finding, words in places.items():
            masks = [self.case.masks[word] for word in words if word in self.case.masks]
            marked: np.ndarray | None = np.logical_or.reduce(masks) if masks else None
            known = next((where[word] for word in words if word in where), None)
            items.append(Item(FINDINGS.index(finding), finding, finding, marked, _place(known)))
        return items


def sides(where: Place, values: np.ndarray, extent: Extent) -> dict[str, Any]:
    """How a map of both views is spread over the frontal, and whether that agrees with where the finding lies."""
    spread = side_agreement.shares(values[0], extent)
    side, zone = side_agreement.agrees(spread, where)
    return {
        "spread": [float(share) for share in spread],
        "side": side,
        "zone": zone,
        "named_side": where.side,
        "named_zone": where.zone,
    }


def _place(known: PlacedWord | None) -> Place:
    return known.place if known else Place(None, None)
