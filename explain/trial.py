"""One study on trial: all that is measured of its finding words, by every method, as plain records."""

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from captioner.index_places import Place
from explain import evidence, faithfulness, grounding, sides
from explain.cases import placed
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
        question = ask(self.model, *self.question())
        shares = evidence.picture_shares(self.model, question, self.others)
        texts = self.case.caption.split()
        found = []
        for place, share in zip(self.positions, shares):
            found.append({
                "study": self.case.name, "position": place, "word": texts[place], "finding": self.case.words[place],
                "pictures": {**asdict(share), "moved": share.moved, "guessed": share.guessed},
                "random": self._random(place), "centre": self._centre(place)})
        return found

    def maps(self, method):
        """Records of one method's maps: a list of dicts, one a word.

        Keys: "pointing", "pointing_strict", "overlap" (by view, None without masks), "spread" (`explain.sides.shares`),
        "side", "zone" (None where the index names none), "deletion", "insertion" (areas), "hidden" (p and so on), and
        "gaze" for attention.
        """
        found = method.explain(self.model, *self.question())
        return [self._record(place, values, found.extent, self._hider.of(word, values, found.extent))
                for word, (place, values) in enumerate(zip(self.positions, found.maps))]

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
    def _hider(self):
        """All methods share the random areas."""
        return evidence.Hider(self.model, ask(self.model, *self.question()), self.effort.hidden, self.effort.areas)

    def _record(self, place, values, extent, hidden):
        found = {"study": self.case.name, "position": place, "finding": self.case.words[place]}
        masks = self.case.masks.get(place)
        if masks is not None:
            for name, margin in MARGINS.items():
                found[name] = grounding.hits(values, masks, self.mask, extent, margin)
            found["overlap"] = grounding.overlaps(values, masks, self.mask, extent)
        where = self.case.placed.get(place)
        found |= self._sides(where.place if where else Place(None, None), values, extent)
        found |= self._areas(place, values, extent)
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

    def _areas(self, place, values, extent=grounding.WHOLE):
        curves = faithfulness.curves(self.model, self.pictures, self.tokens, place, values, extent, self.effort.steps)
        return {"deletion": curves.deletion_area, "insertion": curves.insertion_area}

    def _random(self, place):
        numbers = np.random.default_rng((place, len(self.tokens)))
        drawn = [numbers.random((2, *self.model.grid)) for _ in range(self.effort.orders)]
        areas = [self._areas(place, values) for values in drawn]
        found = {name: float(np.mean([each[name] for each in areas])) for name in ("deletion", "insertion")}
        masks = self.case.masks.get(place)
        if masks is not None:
            for name, margin in MARGINS.items():
                found[name] = grounding.random_hits(masks, self.mask, margin)
            found["overlap"] = grounding.overlaps(drawn[0], masks, self.mask)
        return found

    def _centre(self, place):
        values = np.stack([faithfulness.centre(self.pictures[0].shape[1])] * 2)
        found = self._areas(place, values)
        masks = self.case.masks.get(place)
        if masks is not None:
            for name, margin in MARGINS.items():
                found[name] = grounding.hits(values, masks, self.mask, margin=margin)
            found["overlap"] = grounding.overlaps(values, masks, self.mask)
        return found
