"""Methods by evidence, from phantoms and from real studies, in one table: for docs/evidence.md and the card."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from captioner.errors import BadInput
from captioner.evaluation.markdown_tables import grid
from explain.benchmark.tables import (
    FEW_NOTE,
    RANDOMISATION_NOTE,
    beside_attention,
    cell,
    dependence,
    finding_maps,
    told,
)
from explain.metrics import weight_dependence

MARK = "methods by evidence"  # the name in the marks of the table, see `captioner.evaluation.markdown_tables`


def read(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """The results that `explain.benchmark.evaluate.evaluate_explanations` wrote into these folders.

    Raises:
        BadInput: a folder holds none, or they are of different checkpoints.
    """
    results = []
    for folder in folders:
        try:
            result = json.loads((Path(folder) / "evidence.json").read_text(encoding="utf-8"))
            result["methods"], result["against"], result["baselines"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{folder} holds no evidence.json that `python -m explain evaluate` wrote.") from error
        results.append(result)
    if len({result["checkpoint"] for result in results}) > 1:
        raise BadInput("These evaluations are of different checkpoints.")
    return results


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown: one row per method, then in words where attention is worse and better than the others.

    Args:
        results: as `read` gives them. What needs masks comes from the first that has some, the rest from the first that
            has none, or where all have masks from the first.
    """
    masked = next((result for result in results if _has_masks(result)), None)
    plain = next((result for result in results if not _has_masks(result)), results[0])
    titles = {**plain["titles"], **(masked or plain)["titles"]}
    used = [result for result in (masked, plain) if result is not None]
    used = used[:1] if used[0] is used[-1] else used
    head = [
        "method",
        "words",
        "pointing game",
        "overlap",
        "named side",
        "other studies' maps, side",
        "named third",
        "deletion minus random",
        "insertion minus random",
        "grounded words",
        "randomisation",
    ]
    rows = [_row(name, title, masked, plain, used) for name, title in titles.items()]
    for name, title in (("random", "even chance, random order"), ("centre", "the middle")):
        places = [masked and masked["baselines"][name][what]["better"] for what in ("pointing", "overlap")]
        chance = ["0.500", "", "0.333"] if name == "random" else ["", "", ""]
        apart = _apart(plain["baselines"][name], plain["baselines"]["random"])
        rows.append([title, "", *map(_or_dash, places), *chance, *apart, "", ""])
    lines = [*grid(head, rows), "", _note(masked, plain)]
    for result in used:
        lines += ["", f"On {_data(result)}:", "", *(beside_attention(result) or ["- Attention was not measured."])]
    for result in used:
        if "finding_maps" in result:
            title = f"Finding maps beside word maps, on {_data(result)}:"
            lines += ["", title, "", *finding_maps(result, _has_masks(result))]
    return "\n".join(lines) + "\n"


def _has_masks(result: dict[str, Any]) -> bool:
    return result["baselines"]["random"]["pointing"]["better"]["value"] is not None


def _row(name: str, title: str, masked: Any, plain: Any, used: Any) -> list[str]:
    placed = (masked or {"methods": {}})["methods"].get(name)
    own = plain["methods"].get(name)
    cells = [
        f"**{title}**",
        " / ".join(
            str(result["methods"][name]["deletion"]["words"]) if name in result["methods"] else "-" for result in used
        ),
    ]
    cells += [_or_dash(placed and placed[what]["better"]) for what in ("pointing", "overlap")]
    cells += [
        _counted(own and own["side_reference"]),
        _or_dash(own and own["side_reference_others"]),
        _counted(own and own["zone_reference"]),
        " / ".join(_or_dash(result["methods"].get(name, {}).get("deletion_minus_random")) for result in used),
        *(_or_dash(own and own[what]) for what in ("insertion_minus_random", "grounded")),
    ]
    return [*cells, _verdict(name, used)]


def _verdict(name: str, used: Any) -> str:
    """What was found on each data, by the one rule of `explain.metrics.weight_dependence`."""
    judged = [result["methods"].get(name, {}).get("randomisation") for result in used]
    return "; ".join(weight_dependence.short(dependence(one)) for one in judged if one) or "-"


def _apart(own: Any, random: Any) -> list[str]:
    return [
        "-" if own is random else f"{own[what]['value'] - random[what]['value']:.3f}"
        for what in ("deletion", "insertion")
    ]


def _or_dash(score: Any) -> str:
    return told(score) if score else "-"


def _counted(score: Any) -> str:
    """With its words: the index places few of them."""
    return f"{told(score)}, {score['words']} words" if score and score["words"] else "-"


def _data(result: dict[str, Any]) -> str:
    words = f"{result['words']} finding words of {result['studies']} "
    return words + ("phantoms" if _has_masks(result) else f"studies of the {result['data']}")


def _note(masked: Any, plain: Any) -> str:
    parts = [f"Pointing game and overlap: {_data(masked)}, better view of two."] if masked else []
    parts += [
        f"The rest: {_data(plain)}. In brackets: 95% intervals of bootstrap samples of studies. A slow method "
        "saw the first studies only, as its words tell. Deletion should be below random order, insertion above "
        f"it. {RANDOMISATION_NOTE} Other studies' maps: how often they lie on this study's named side. Intervals are "
        f"not corrected for the number of comparisons in the table. {FEW_NOTE}"
    ]
    entropy = plain["methods"].get("attention")
    if entropy and entropy["bits"]["value"] is not None:
        bits, evenness = (cell(entropy[name], digits=2) for name in ("bits", "evenness"))
        parts += [
            f"Attention's entropy: {bits} bits, {evenness} of an even spread; the frontal view got more of it in "
            f"{entropy['frontal']['value']:.0%} of the words."
        ]
    return " ".join(parts)
