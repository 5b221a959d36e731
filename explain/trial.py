"""One study on trial: all that is measured of its finding words, by every method, as plain records."""

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from captioner.index_places import Place
from explain import evidence, faithfulness, grounding, sides
from explain.cases import placed
from explain.heatmap import WHOLE
from explain.hiding import Hiding
from explain.method import ask

MARGINS = {"pointing": grounding.MARGIN, "pointing_strict": 0.0}


@dataclass(frozen=True)
class Effort:
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
    hidden: float = evidence.SHARE


class Trial:
    """Measures one case.

    Args:
        model: Captioner.
        case: explain.cases.Case.
        effort: Effort.
        others: studies of other patients, for the pictures' own share; phantoms when None.

    Attributes:
        positions: places of the finding words that the vocabulary knows; nothing is measured when there is none.
    """

    def __init__(self, model, case, effort=Effort(), others=None):
        from captioner.preparation import prepare

        self.model, self.case, self.effort, self.others = model, case, effort, others
        self.pictures = prepare(case.study, model.config["preparation"])
        self.mask = self.pictures[1]
        self.tokens = model.vocabulary.encode(case.caption)
        self.positions = [place for place in case.words if self.tokens[place] != model.vocabulary.unknown]

    def question(self):
        """`(study, tokens, positions)` for a method."""
        return self.pictures, self.tokens, self.positions

    def words(self):
        """Records of the words themselves, whatever the method: a list of dicts.

        "random" and "centre" hold what maps that know nothing of the model reach, under the names of `maps`.
        """
        shares = evidence.picture_shares(self.model, self._hiding.question, self.others)
        texts, random, centre = self.case.caption.split(), self._random(), self._centre()
        found = []
        for word, (place, share) in enumerate(zip(self.positions, shares)):
            found.append({
                "study": self.case.name, "position": place, "word": texts[place], "finding": self.case.words[place],
                "pictures": {**asdict(share), "moved": share.moved, "guessed": share.guessed},
                "random": random[word], "centre": centre[word]})
        return found

    def maps(self, found):
        """Records of one method's maps, an Explanation of `question()`: a list of dicts, one a word.

        Keys: "pointing", "pointing_strict", "overlap" (by view, None without masks), "spread" (`explain.sides.shares`),
        "side", "zone" (None where the index names none), "deletion", "insertion" (areas), "hidden" (p and so on), and
        "gaze" for attention.
        """
        return [self._record(word, values, found.extent) for word, values in enumerate(found.maps)]

    def generated(self, methods):
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
                {"study": self.case.name, "position": place, "word": caption.words[place].text,
                 **self._sides(where[place].place, maps.maps[word], maps.extent)} for word, place in enumerate(where)]
        return found

    @cached_property
    def _hiding(self):
        return Hiding(self.model, ask(self.model, *self.question()))

    @cached_property
    def _hider(self):
        """All methods share the random areas."""
        hiding, effort = self._hiding, self.effort
        return evidence.Hider(self.model, hiding.question, effort.hidden, effort.areas, hiding=hiding)

    def _record(self, word, values, extent):
        place = self.positions[word]
        found = {"study": self.case.name, "position": place, "finding": self.case.words[place],
                 **self._pointing(place, values, extent)}
        where = self.case.placed.get(place)
        found |= self._sides(where.place if where else Place(None, None), values, extent)
        ranked = self._order(values, extent)
        found |= self._areas(ranked, [word])[0]
        hidden = self._hider.of_ranked(word, ranked)
        found["hidden"] = {"before": hidden.before, "after": hidden.hidden, "p": hidden.p, "grounded": hidden.grounded,
                           "random": float(hidden.random.mean())}
        if (values >= 0).all() and values.sum() > 0:
            found["gaze"] = asdict(evidence.gaze(values, self.mask))
        return found

    def _sides(self, where, values, extent):
        spread = sides.shares(values[0], extent)
        side, zone = sides.agrees(spread, where)
        return {"spread": [float(share) for share in spread], "side": side, "zone": zone,
                "named_side": where.side, "named_zone": where.zone}

    def _pointing(self, place, values, extent=WHOLE):
        """Pointing and overlap of a map of the word at `place`; nothing where the finding has no mask."""
        masks = self.case.masks.get(place)
        if masks is None:
            return {}
        return {**{name: grounding.hits(values, masks, self.mask, extent, margin) for name, margin in MARGINS.items()},
                "overlap": grounding.overlaps(values, masks, self.mask, extent)}

    def _order(self, values, extent=WHOLE):
        return faithfulness.order(values, extent, self.mask, self.pictures[0].shape[1], self.model.grid)

    def _areas(self, ranked, words=None):
        """Areas under the curves of some words, or all, by one order of the pixels: a list of dicts."""
        return [{"deletion": curves.deletion_area, "insertion": curves.insertion_area}
                for curves in faithfulness.of_words(self._hiding, ranked, self.effort.steps, words)]

    def _random(self):
        """What random maps reach, word by word; all words share the orders."""
        numbers = np.random.default_rng((self.positions[0], len(self.tokens)))
        drawn = [numbers.random((2, *self.model.grid)) for _ in range(self.effort.orders)]
        areas = [self._areas(self._order(values)) for values in drawn]
        found = []
        for word, place in enumerate(self.positions):
            own = {name: float(np.mean([each[word][name] for each in areas])) for name in ("deletion", "insertion")}
            masks = self.case.masks.get(place)
            if masks is not None:
                own |= {name: grounding.random_hits(masks, self.mask, margin) for name, margin in MARGINS.items()}
                own["overlap"] = grounding.overlaps(drawn[0], masks, self.mask)
            found.append(own)
        return found

    def _centre(self):
        """What a Gaussian in the middle of each view reaches, word by word."""
        values = np.stack([faithfulness.centre(self.pictures[0].shape[1])] * 2)
        return [{**areas, **self._pointing(place, values)}
                for place, areas in zip(self.positions, self._areas(self._order(values)), strict=True)]
