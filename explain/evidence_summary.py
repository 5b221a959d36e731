"""One table of methods by evidence from evaluations on phantoms and on real studies, for the README and the card."""

import json
from pathlib import Path

from captioner.errors import BadInput
from captioner.markdown import grid
from explain.evaluation_table import beside_attention, cell

MARK = "methods by evidence"  # what stands in the marks of the table, see `captioner.markdown`


def read(folders):
    """The results that `explain.evaluation.evaluate_explanations` wrote into these folders.

    Raises:
        BadInput: a folder holds none, or they are of different checkpoints.
    """
    results = []
    for folder in folders:
        try:
            result = json.loads((Path(folder) / "evidence.json").read_text(encoding="utf-8"))
            result["methods"], result["against"], result["baselines"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{folder} holds no evidence.json that evaluate-explanations wrote.") from error
        results.append(result)
    if len({result["checkpoint"] for result in results}) > 1:
        raise BadInput("These evaluations are of different checkpoints.")
    return results


def summary(results):
    """Markdown: one row a method, then in words where attention is worse and better than the others.

    Args:
        results: as `read` gives them. What needs masks comes from the first that has some, the rest from the first that
            has none, or where all have masks from the first.
    """
    masked = next((result for result in results if _has_masks(result)), None)
    plain = next((result for result in results if not _has_masks(result)), masked)
    titles = {**plain["titles"], **(masked or plain)["titles"]}
    used = [result for result in (masked, plain) if result is not None]
    used = used[:1] if used[0] is used[-1] else used
    head = ["method", "words", "pointing game", "overlap", "named side", "average position's side", "named third",
            "deletion minus random", "insertion minus random", "grounded words", "randomisation", "seconds a word"]
    rows = [_row(name, title, masked, plain, used) for name, title in titles.items()]
    for name, title in (("random", "even chance, random order"), ("centre", "the middle")):
        places = [masked and masked["baselines"][name][what]["better"] for what in ("pointing", "overlap")]
        chance = ["0.500", "", "0.333"] if name == "random" else ["", "", ""]
        apart = _apart(plain["baselines"][name], plain["baselines"]["random"])
        rows.append([title, "", *map(_or_dash, places), *chance, *apart, "", "", ""])
    lines = [*grid(head, rows), "", _note(masked, plain)]
    for result in used:
        lines += ["", f"On {_data(result)}:", "", *(beside_attention(result) or ["- Attention was not measured."])]
    return "\n".join(lines) + "\n"


def _has_masks(result):
    return result["baselines"]["random"]["pointing"]["better"]["value"] is not None


def _row(name, title, masked, plain, used):
    placed = (masked or {"methods": {}})["methods"].get(name)
    own = plain["methods"].get(name)
    cells = [f"**{title}**", " / ".join(str(result["methods"][name]["deletion"]["words"]) if name in result["methods"]
                                        else "-" for result in used)]
    cells += [_or_dash(placed and placed[what]["better"]) for what in ("pointing", "overlap")]
    cells += [_counted(own and own["side_reference"]), _or_dash(own and own["side_reference_average"]),
              _counted(own and own["zone_reference"]),
              " / ".join(_or_dash(result["methods"].get(name, {}).get("deletion_minus_random")) for result in used),
              *(_or_dash(own and own[what]) for what in ("insertion_minus_random", "grounded"))]
    return [*cells, _verdict(name, used), f"{plain['seconds_a_word'][name]:.2f}" if own else "-"]


def _verdict(name, used):
    """Whether a method passes the randomisation on all data, and its similarity against the line on each."""
    judged = [result["methods"].get(name, {}).get("randomisation") for result in used]
    judged = [one for one in judged if one and one["passes"] is not None]
    if not judged:
        return "-"
    told = "; ".join(f"{one['last']['value']:.2f} against {one['line']:.2f}" for one in judged)
    return f"{'passes' if all(one['passes'] for one in judged) else '**fails**'} ({told})"


def _apart(own, random):
    return ["-" if own is random else f"{own[what]['value'] - random[what]['value']:.3f}"
            for what in ("deletion", "insertion")]


def _or_dash(score):
    return cell(score) if score else "-"


def _counted(score):
    """With its words: the index places few of them."""
    return f"{cell(score)}, {score['words']} words" if score and score["words"] else "-"


def _data(result):
    words = f"{result['words']} finding words of {result['studies']} "
    return words + ("phantoms" if _has_masks(result) else f"studies of the {result['data']}")


def _note(masked, plain):
    parts = [f"Pointing game and overlap: {_data(masked)}, better view of two."] if masked else []
    parts += [f"The rest: {_data(plain)}. In brackets: 95% intervals of bootstrap samples of studies. A slow method "
              "saw the first studies only, as its words tell. Deletion should be below random order, insertion above "
              "it. Randomisation: similarity to the maps of a network with random weights, against that of maps of "
              "different studies; a method passes below that on all data. Where both are near zero the maps have nothing in "
              "common with the trained ones, and which is lower is chance. The average position leaves "
              "the word's own study out, which pushes a balanced average to the wrong side: under a half it says no "
              "more than chance does."]
    gaze = plain["methods"].get("attention")
    if gaze and gaze["bits"]["value"] is not None:
        bits, evenness = (cell(gaze[name], digits=2) for name in ("bits", "evenness"))
        parts += [f"Attention's entropy: {bits} bits, {evenness} of an even spread; the frontal view got more of it in "
                  f"{gaze['frontal']['value']:.0%} of the words."]
    return " ".join(parts)
