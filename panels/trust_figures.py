"""The evidence of one word as HTML: drawn as inline SVG in the page's colours, with every number as text too.

Every text from outside is escaped.
"""

from html import escape

import numpy as np

from explain.report_evidence import entry
from explain.report_parts import percent

_WIDTH, _HEIGHT = 320, 190  # of a figure's own units; it is stretched to its place
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 18, 10, 34


def _number(value, digits=2):
    return f"{value:.{digits}f}".replace("-", "\u2212")


def _probability(value):
    return percent(float(value))


def _card(title, body, note="", kind=""):
    note = f'<p class="cxr-fine">{note}</p>' if note else ""
    return f'<article class="cxr-trust-card {kind}"><h3>{title}</h3>{body}{note}</article>'


def verdict(word, found):
    """The sentence on top, with its short form.

    Args:
        word: its text.
        found: `(PictureShare, Grounding)`.
    """
    told = entry(word, found)
    return (
        f'<p class="cxr-verdict" data-kind="{mark(found)}"><b>{escape(told["short"].capitalize())}.</b> '
        f"{escape(told['verdict'])}</p>"
    )


def mark(found):
    """ "grounded", "guessed" or "elsewhere": what a `(PictureShare, Grounding)` says of its word."""
    pictures, area = found
    return "guessed" if pictures.guessed else "grounded" if area.grounded else "elsewhere"


def shares(word, found):
    """The word's probability by what the model is shown, as bars."""
    rows = "".join(
        f'<tr><th scope="row">{escape(row["name"])}</th><td>{_probability(row["probability"])}</td>'
        f'<td class="cxr-bar" aria-hidden="true"><i style="width:{100 * row["probability"]:.1f}%"></i></td></tr>'
        for row in entry(word, found)["shown"]
    )
    table = (
        f'<table class="cxr-shares"><caption class="cxr-unseen">Probability of “{escape(word)}” by what the model is '
        f"shown</caption><tbody>{rows}</tbody></table>"
    )
    note = (
        "A word whose probability hardly moves without the pictures comes from the habit of language. The other patient "
        "is the mean over two phantoms."
    )
    return _card("What the pictures add", table, note)


def hiding(word, found):
    """The word's probability with the marked area hidden, among all the random areas."""
    area = found[1]
    values = [float(area.before), float(area.hidden), *map(float, area.random)]
    room = max(0.08 * (max(values) - min(values)), 0.01)
    low, high = max(min(values) - room, 0.0), min(max(values) + room, 1.0)  # the part of 0..1 where anything happens

    def across(value):
        return 10 + 300 * (float(value) - low) / max(high - low, 1e-9)

    ticks = "".join(f'<line x1="{across(each):.1f}" x2="{across(each):.1f}" y1="40" y2="58"/>' for each in area.random)
    as_much = int((area.random <= area.hidden).sum())
    said = (
        f"Hiding the marked area leaves “{word}” at {_probability(area.hidden)}, from {_probability(area.before)}. Of "
        f"{len(area.random)} random areas of the same size, {as_much} leave it as low or lower: p = {_number(area.p)}."
    )
    drawn = f"""<svg class="cxr-drawn" viewBox="0 0 320 98" role="img" aria-label="{escape(said)}">
<line class="cxr-axis" x1="10" x2="310" y1="62" y2="62"/>
<g class="cxr-random-line">{ticks}</g>
<line class="cxr-map-line" x1="{across(area.hidden):.1f}" x2="{across(area.hidden):.1f}" y1="26" y2="66"/>
<text class="cxr-map-text" x="{min(max(across(area.hidden), 46), 274):.1f}" y="18" text-anchor="middle">marked area</text>
<path class="cxr-before" d="M{across(area.before):.1f} 62l-5 9h10z"/>
<text x="{min(max(across(area.before), 46), 274):.1f}" y="92" text-anchor="middle">nothing hidden</text>
<text x="10" y="77">{_probability(low)}</text><text x="310" y="77" text-anchor="end">{_probability(high)}</text></svg>"""
    return _card("Is it this area?", drawn, escape(said) + " Each thin line is one random area.")


def _curve(shares, values, kind):
    points = " ".join(f"{_x(share):.1f},{_y(value):.1f}" for share, value in zip(shares, values))
    return f'<polyline class="{kind}" points="{points}"/>'


def _x(share):
    return _LEFT + float(share) * (_WIDTH - _LEFT - _RIGHT)


def _y(value):
    return _TOP + (1 - float(value)) * (_HEIGHT - _TOP - _BOTTOM)


def _curves(name, compared, below):
    """One figure: the map's curve, the random ones as a band with their mean, and the centre's."""
    shares = compared.method.shares
    ways = np.array([getattr(each, name) for each in compared.random])  # (random, steps + 1)
    low, high = ways.min(axis=0), ways.max(axis=0)
    band = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in [*zip(shares, high), *zip(shares[::-1], low[::-1])])
    areas = {
        "this map": getattr(compared.method, f"{name}_area"),
        "random orders": float(np.mean([getattr(each, f"{name}_area") for each in compared.random])),
        "the middle": getattr(compared.centre, f"{name}_area"),
    }
    told = ", ".join(f"{who} {_number(area)}" for who, area in areas.items())
    p = getattr(compared, f"{name}_p")
    grid = "".join(
        f'<line class="cxr-grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(v)}" y2="{_y(v)}"/>'
        f'<text x="{_LEFT - 5}" y="{_y(v) + 4}" text-anchor="end">{v:.0%}</text>'
        for v in (0, 0.5, 1)
    )
    feet = "".join(f'<text x="{_x(v)}" y="{_y(0) + 15}" text-anchor="middle">{v:.0%}</text>' for v in (0, 0.5, 1))
    drawn = f"""<svg class="cxr-drawn" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"
 aria-label="{name.capitalize()} curves. Areas: {told}; p = {_number(p)}.">
{grid}{feet}<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">{below}</text>
<polygon class="cxr-band" points="{band}"/>{_curve(shares, ways.mean(axis=0), "cxr-random-curve")}
{_curve(shares, getattr(compared.centre, name), "cxr-centre-curve")}
{_curve(shares, getattr(compared.method, name), "cxr-map-curve")}</svg>"""
    cells = "".join(
        f'<tr><th scope="row"><i class="cxr-key cxr-key-{key}" aria-hidden="true"></i>{who}</th><td>{_number(area)}</td></tr>'
        for key, (who, area) in zip(("map", "random", "centre"), areas.items())
    )
    table = (
        f'<table class="cxr-areas"><caption class="cxr-unseen">Area under the {name} curve</caption>'
        f'<thead><tr><th scope="col">Order</th><th scope="col">Area</th></tr></thead><tbody>{cells}</tbody></table>'
    )
    return drawn + table, p


def curves(compared):
    """Deletion and insertion: the two cards.

    Args:
        compared: explain.faithfulness.Comparison.
    """
    deleted, p_deleted = _curves("deletion", compared, "share of the pixels taken away")
    inserted, p_inserted = _curves("insertion", compared, "share of the pixels shown")

    def judged(p, good, bad):
        return f"{good if p <= 0.05 else bad} (p = {_number(p)} against {len(compared.random)} random orders)."

    return _card(
        "Taken away, strongest first", deleted,
        "A true map falls fast: a smaller area is better. "
        + judged(p_deleted, "This one falls faster than chance", "This one falls no faster than chance"),
    ) + _card(
        "Given back, strongest first", inserted,
        "A true map rises fast: a larger area is better. "
        + judged(p_inserted, "This one rises faster than chance", "This one rises no faster than chance"),
    )  # fmt: skip


def gaze(found):
    """Where the attention went and how narrow it was.

    Args:
        found: explain.evidence.Gaze.
    """
    width = "narrow" if found.evenness < 0.6 else "spread over many cells" if found.evenness < 0.9 else "nearly everywhere"
    body = (
        '<dl class="cxr-numbers">'
        f"<dt>View it chose</dt><dd>{found.view}, {_probability(found.view_share)}</dd>"
        f"<dt>Entropy</dt><dd>{_number(found.bits, 1)} bits</dd>"
        f"<dt>Share of an even spread</dt><dd>{_probability(found.evenness)}</dd></dl>"
    )
    return _card("The gaze", body, f"The attention of this word is {width}: 0% is a single cell, 100% every cell alike.")


def pointing(name, hit, chance, overlap):
    """Whether the map lies on the finding that was planted.

    Args:
        name: the finding's name.
        hit, overlap: of `explain.grounding.hits` and `overlaps`.
        chance: of `explain.grounding.random_hits`.
    """
    rows = []
    for view in ("frontal", "lateral"):
        if hit[view] is None:
            continue
        landed = "on the finding" if hit[view] else "beside it"
        rows.append(
            f'<tr><th scope="row">{view}</th><td>{landed}</td><td>{_probability(chance[view])}</td>'
            f"<td>{_number(overlap[view])}</td></tr>"
        )
    table = (
        '<table class="cxr-areas"><thead><tr><th scope="col">View</th><th scope="col">Strongest place</th>'
        f'<th scope="col">by chance</th><th scope="col">Overlap</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )
    note = (
        f"The {escape(name)} of this phantom was planted, so its place is known. Overlap is intersection over union with "
        "what stands out of the map (Otsu's threshold), 0 to 1."
    )
    return _card("Does it lie on the finding?", table, note)


def randomisation(judged, studies):
    """Whether the method depends on what the network has learned.

    Args:
        judged: of `explain.summary.judge_randomisation`.
        studies: how many it was measured on.
    """
    rows = [(stage, found["value"]) for stage, found in judged["stages"].items() if found["value"] is not None]
    count, line = len(rows), judged["line"]
    if line is None or not rows:
        return _card("Does the method depend on the weights?", "<p>There are too few studies to tell.</p>")

    def x(step):
        return _LEFT + step * (_WIDTH - _LEFT - _RIGHT) / max(count - 1, 1)

    def y(value):
        return _TOP + (1 - (float(value) + 0.25) / 1.25) * (_HEIGHT - _TOP - _BOTTOM)

    points = " ".join(f"{x(step):.1f},{y(max(value, -0.25)):.1f}" for step, (_, value) in enumerate(rows))
    last = rows[-1][1]
    said = (
        f"With every weight made random the maps resemble the true ones by {_number(last)} (rank correlation); maps of "
        f"different studies resemble each other by {_number(line)}."
    )
    stages = "; ".join(f"{stage} {_number(value)}" for stage, value in rows)
    drawn = f"""<svg class="cxr-drawn" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)} By stage: {escape(stages)}.">
<line class="cxr-grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>
<text x="{_LEFT - 5}" y="{y(0) + 4:.1f}" text-anchor="end">0</text><text x="{_LEFT - 5}" y="{y(1) + 4:.1f}" text-anchor="end">1</text>
<line class="cxr-centre-curve" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(line):.1f}" y2="{y(line):.1f}"/>
<text x="{_WIDTH - _RIGHT}" y="{y(line) - 5:.1f}" text-anchor="end">two different studies</text>
<polyline class="cxr-map-curve" points="{points}"/>
<text x="{_LEFT}" y="{_HEIGHT - 18}">{escape(rows[0][0])}</text>
<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 18}" text-anchor="end">{escape(rows[-1][0])}</text>
<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">weights made random, from the words down</text></svg>"""
    passes = judged["passes"]
    told = (
        "<b>Passes.</b> Its maps change when the weights do."
        if passes
        else "<b>Fails.</b> Its maps look much the same when nothing is learned: they show the picture more than the model."
    )
    note = f"{escape(said)} Measured on {studies} examples with this checkpoint, for the method and not for this word."
    return _card(
        "Does the method depend on the weights?", f'<p data-passes="{str(bool(passes)).lower()}">{told}</p>{drawn}', note
    )
