"""A look at the collection before training on it, as one HTML file that opens offline."""

from collections import Counter
from html import escape
from pathlib import Path

import numpy as np

from captioner import explore_figures as figures
from captioner.explore_samples import sample
from captioner.explore_survey import SIDES, SPLITS, survey
from captioner.findings import FINDINGS
from captioner.reports import SECTIONS

STYLE = Path(__file__).with_name("explore.css")
LOCAL_USE = (
    "This file holds real reports and X-rays. It is for use on this machine and is not to be published or passed on: the "
    "collection's licence is CC BY-NC-ND 4.0, which allows no altered copies."
)
SOURCE = (
    "Indiana University chest X-ray collection (Open-i, U.S. National Library of Medicine); Demner-Fushman et al., "
    "Preparing a collection of radiology examinations for distribution and retrieval, JAMIA 2016."
)


def explore(data, out):
    """Write `out/explore.html`: what the collection holds and what that means for training.

    The file refers to nothing outside itself. It holds real reports and pictures.

    Args:
        data: folder of the collection, in either form.
        out: folder for the page; made where it does not exist.

    Returns:
        Path of the page.

    Raises:
        BadInput: as `captioner.reports.read_collection`, or no study has both an impression and a picture.
        OSError: `out` cannot be written.
    """
    text = page(survey(data))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "explore.html"
    path.write_text(text, encoding="utf-8")
    return path


def page(found):
    """The whole page for a `Survey`, as text."""
    sections = [("At a glance", _glance), ("Kept and dropped", _dropped), ("Missing sections", _missing),
                ("Pictures and views", _pictures), ("Impressions", _impressions), ("Words", _words),
                ("Findings", _findings), ("MeSH headings", _headings), ("Sides", _sides), ("Splits", _splits),
                ("Sample studies", _samples)]
    places = [title.lower().replace(" ", "-") for title, _ in sections]
    contents = "".join(f'<li><a href="#{place}">{title}</a></li>' for place, (title, _) in zip(places, sections, strict=True))
    body = "".join(f'<section id="{place}"><h2>{title}</h2>{write(found)}</section>'
                   for place, (title, write) in zip(places, sections, strict=True))
    form = {"csv": "two-CSV release", "xml": "XML release"}[found.collection.form]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>The collection in {escape(found.name)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f'<body><div class="page"><nav aria-label="Contents"><ol>{contents}</ol></nav><main>'
        f"<h1>The chest X-ray collection in {escape(found.name)}</h1>"
        f'<p class="lead">{form}. Counts are of the studies kept for training and testing, unless said otherwise; an '
        "impression is counted as the captioner sees it, cleaned to lower-case words and full stops.</p>"
        f'<p class="local"><b>Local use only.</b> {LOCAL_USE}</p>{body}'
        f'<h2>Source</h2><p class="lead">{SOURCE}</p></main></div></body></html>\n'
    )


def _glance(found):
    studies = len(found.reports)
    numbers = [
        (f"{studies:,}", "studies kept"),
        (f"{sum(found.collection.dropped.values()):,}", "studies dropped"),
        (f"{len(found.pictures):,}", "pictures"),
        (f"{found.views['both views']:,}", "studies with both views"),
        (f"{len(found.impressions):,}", "different impressions"),
        (f"{len(found.words):,}", "different words"),
        (f"{found.without_finding.mean():.0%}", "impressions without a finding"),
        (f"{np.median(found.lengths):.0f}", "words in the median impression"),
    ]
    return '<ul class="numbers">' + "".join(f"<li><b>{number}</b>{what}</li>" for number, what in numbers) + "</ul>"


def _dropped(found):
    dropped, kept = found.collection.dropped, {report.uid for report in found.reports}
    rows = [("kept", len(found.reports)), *((f"dropped: {reason}", count) for reason, count in sorted(dropped.items()))]
    lost = [uid for uid, _ in found.written if uid not in kept]
    listed = f"<details><summary>Their numbers</summary>{escape(', '.join(lost))}</details>" if lost else ""
    total = sum(count for _, count in rows)
    return _figure(
        "kept", "What became of the reports", figures.bars(rows, total, "reports"),
        f"{len(found.reports):,} of {total:,} reports have both an impression and a picture and can be learned from. A report "
        "is asked for its impression first: one that lacks both counts as without an impression.") + listed


def _missing(found):
    total = len(found.written)
    missing, redacted = found.missing, found.redacted
    return _figure(
        "missing", "Sections that are missing, of all reports",
        figures.bars([(name, missing[name]) for name in SECTIONS], total, "reports that lack the section"),
        f"{_share(missing['findings'], total)} of the reports have no findings section: training on the impression, as this "
        f"project does, loses {_share(missing['impression'], total)} instead.",
    ) + _figure(
        "redacted", "Sections with XXXX, words removed for privacy",
        figures.bars([(name, redacted[name]) for name in SECTIONS], total, "reports"),
        f"{_share(redacted['impression'], total)} of the impressions have a hole where a word was removed. Cleaning closes it, "
        "so some sentences that are learned lack a word; the indication is hit too often to be of use as an input.")


def _pictures(found):
    studies, unreadable = len(found.reports), found.unreadable
    single = studies - found.views["both views"]
    counts = [(f"{number} picture{'s' * (number != 1)}", count) for number, count in sorted(found.pictures_a_study.items())]
    sizes = found.sizes
    if len(sizes) == 1:
        ((rows, columns),) = sizes
        learned = f"All pictures have {columns} × {rows} pixels" + (
            ": squares, so the proportions of the body were lost or cut before." if rows == columns else ".")
    else:
        ratios = [columns / rows for (rows, columns), count in sizes.items() for _ in range(count)] or [1]
        learned = (f"{len(sizes):,} different sizes, width to height from {min(ratios):.2f} to {max(ratios):.2f}: the pictures have "
                   "to be brought to one size, and squashing them to squares would change the proportions of the heart.")
    problems = ("<details open><summary>Pictures that cannot be read</summary>"
                + "<br>".join(escape(picture.problem) for picture in unreadable) + "</details>") if unreadable else ""
    shared = found.shared_pictures
    return _figure(
        "count", "Pictures a study", figures.bars(counts, studies),
        f"{_share(sum(count for number, count in found.pictures_a_study.items() if number > 2), studies)} of the studies have more than two pictures: "
        "which of several frontal or lateral pictures is shown to the captioner has to be chosen.",
    ) + _figure(
        "views", "Views", figures.bars(list(found.views.items()), studies),
        f"{_share(single, studies)} of the studies lack one of the two views, so the captioner has to be trained to do without.",
    ) + _figure("sizes", "Sizes", figures.sizes(sizes), learned) + problems + (
        f"<p>{len(unreadable):,} pictures cannot be read. {len(shared):,} pictures stand in more than one study.</p>")


def _impressions(found):
    studies, counts, lengths = len(found.reports), found.impressions, found.lengths
    common = counts.most_common()
    (first, first_count), normal = common[0], found.without_finding
    no_acute = sum(report.impression.startswith("no acute") for report in found.reports)
    once = sum(count == 1 for _, count in common)
    rows = "".join(
        f'<tr><td>{escape(text)}</td><td>{count:,}</td><td>{count / studies:.1%}</td><td class="share">'
        f'<i style="width: {100 * count / first_count:.1f}%"></i></td></tr>' for text, count in common[:15])
    quantiles = np.percentile(lengths, [50, 90, 99])
    return _figure(
        "length", "Length", figures.lengths(lengths[normal], lengths[~normal]),
        f"Half of the impressions have at most {quantiles[0]:.0f} words, 90% at most {quantiles[1]:.0f}, 99% at most {quantiles[2]:.0f}; "
        f"the longest has {lengths.max():,}. A limit of {10 * int(np.ceil(quantiles[2] / 10))} words would cut few of them off. "
        "Those with a finding are the long ones, which a loss summed over words already weighs more.",
    ) + (
        '<figure><h3>The commonest impressions</h3><div class="scroll"><table><thead><tr><th>impression</th><th>studies</th>'
        f"<th>share</th><th></th></tr></thead><tbody>{rows}</tbody></table></div><figcaption>{_share(no_acute, studies)} of the "
        f"impressions begin with “no acute”. Always answering “{escape(first)}” would be right to the word in "
        f"{_share(first_count, studies)} of the studies without looking at a picture, so overlap of words says little about "
        "what a captioner sees.</figcaption></figure>"
    ) + _figure(
        "coverage", "How few impressions cover how many studies", figures.coverage([count for _, count in common]),
        f"The 10 commonest impressions cover {_share(sum(count for _, count in common[:10]), studies)} of the studies, while "
        f"{once:,} of the {len(common):,} different ones occur once. Drawing studies evenly teaches the head of this curve; the "
        "findings are in its tail.")


def _words(found):
    words, total = found.words, sum(found.words.values())
    rows = "".join(
        f"<tr><td>{row['least']} times or more</td><td>{row['words']:,}</td><td>{row['unknown words'] / max(1, total):.2%}</td>"
        f"<td>{row['impressions with one']:,}</td></tr>" for row in found.vocabulary)
    top = words.most_common(30)
    return _figure(
        "words", "The commonest words", figures.bars(top, total, "occurrences in impressions", "second"),
        f"These {len(top)} words are {_share(sum(count for _, count in top), total)} of all that is written. Negations and “acute” "
        "lead: a captioner learns how to deny before it learns what there is.",
    ) + (
        '<figure><h3>What a smaller vocabulary leaves out</h3><div class="scroll"><table><thead><tr><th>words seen</th><th>words kept'
        f"</th><th>words unknown</th><th>impressions with one</th></tr></thead><tbody>{rows}</tbody></table></div><figcaption>"
        f"Of the {len(words):,} words, {sum(count == 1 for count in words.values()):,} occur once, too seldom to be learned. Leaving "
        "the rare ones out costs a small share of the text.</figcaption></figure>")


def _findings(found):
    studies, totals = len(found.reports), found.labels.sum(axis=0)
    order = np.argsort(-totals, kind="stable")
    normal = int(found.without_finding.sum())
    counts = [("no finding", normal), *((FINDINGS[place], int(totals[place])) for place in order)]
    seldom = [FINDINGS[place] for place in order if totals[place] < 0.02 * studies]
    stated = [place for place in order if totals[place]]
    together = found.together[np.ix_(stated, stated)]
    text = _figure(
        "findings", "What the impressions state", figures.bars(counts, studies),
        f"{_share(normal, studies)} of the impressions state none of the thirteen findings. "
        + (f"In fewer than 2% of the studies: {', '.join(seldom)}. For these accuracy means nothing, and the score of each "
           "rests on a few studies." if seldom else "Every finding is in at least 2% of the studies."))
    if len(stated) > 1:
        rest = together - np.diag(together.diagonal())
        one, other = np.unravel_index(rest.argmax(), rest.shape)
        strongest = (f"The commonest pair is {FINDINGS[stated[one]]} with {FINDINGS[stated[other]]}, in {rest[one, other]:,} studies. "
                     if rest.any() else "No two of them are ever stated together. ")
        text += _figure(
            "together", "Findings stated together", figures.together([FINDINGS[place] for place in stated], together),
            "Each row: of the studies that state the finding on the left (their number in brackets), how many state the one above "
            f"too. {strongest}What comes together can be guessed from its companion, without being seen.")
    several = Counter(int(number) for number in found.labels.sum(axis=1))
    text += _figure(
        "several", "Findings in one impression",
        figures.bars([(f"{number}", several[number]) for number in range(max(several) + 1)], studies),
        f"{_share(sum(count for number, count in several.items() if number > 1), studies)} of the impressions state more than one: "
        "targets for an additional finding head are several yes-or-no questions, not one choice.")
    return text


def _headings(found):
    studies, headings = len(found.reports), found.headings
    marked = np.array([{term.lower() for term in report.problems} == {"normal"} for report in found.reports])
    odd = int((~marked & found.without_finding).sum())
    return _figure(
        "mesh", "The commonest MeSH headings", figures.bars(headings.most_common(25), studies),
        f"The index calls {_share(int(marked.sum()), studies)} of the studies normal. It was made from findings and impression, so it "
        f"knows more than the impression says: {odd:,} studies are indexed with something, yet their impression states none of "
        "the thirteen findings. Seen by the captioner, described by the radiologist, and not in the text it is trained on.")


def _sides(found):
    sides, studies = found.sides, len(found.reports)
    names = [("MeSH index", [sides[side][0] for side in SIDES]), ("impression", [sides[side][1] for side in SIDES])]
    indexed, both = (sum(sides[side][place] for side in ("left", "right")) for place in (0, 2))
    said = sum(bool({"left", "right"} & set(report.impression.split())) for report in found.reports)
    return _figure(
        "sides", "Left, right, both", figures.paired_bars(list(SIDES), names),
        f"{_share(said, studies)} of the impressions say left or right; pictures must not be mirrored in training unless the words "
        f"are exchanged too. Where the index names a side, {_share(both, indexed)} of the impressions name it as well: the rest "
        "of the sides stand in the findings section.")


def _splits(found):
    rows = [
        ("studies", lambda split: f"{split['studies']:,}"),
        ("pictures", lambda split: f"{split['pictures']:,}"),
        ("with both views", lambda split: _share(split["both views"], split["studies"])),
        ("impression without a finding", lambda split: _share(split["without a finding"], split["studies"])),
        ("median words", lambda split: f"{split['median words']:.0f}"),
        ("impression also in train, word for word", lambda split: _share(split["impression seen"], split["studies"])),
        ("different words that train lacks", lambda split: f"{split['unseen words']:,}"),
        *((name, lambda split, place=place: f"{split['findings'][place]:,} ({_share(split['findings'][place], split['studies'])})")
          for place, name in enumerate(FINDINGS)),
    ]
    table = "".join("<tr><td>" + name + "</td>" + "".join(f"<td>{show(found.splits[split])}</td>" for split in SPLITS) + "</tr>"
                    for name, show in rows)
    head = "".join(f"<th>{split}</th>" for split in SPLITS)
    val, crossing = found.splits["val"], found.shared_across_splits
    fewest = int(min(val["findings"])) if val["studies"] else 0
    return (
        '<figure><h3>Train, val and test</h3><div class="scroll"><table><thead><tr><th></th>' + head + f"</tr></thead><tbody>{table}"
        f"</tbody></table></div><figcaption>The split is by a hash of the study's number, so it is the same on every machine. "
        f"{_share(val['impression seen'], val['studies'])} of the val impressions stand word for word in train: a captioner that only "
        f"recites can look good. The rarest finding has {fewest:,} val studies, so compare checkpoints with intervals. "
        f"{crossing:,} pictures stand in studies of two splits.</figcaption></figure>")


def _samples(found):
    return (
        "<p>Two studies without a finding, then one for each finding that none before states, from the training split where it has "
        "any; chosen by a hash of their numbers. Marked in the cleaned impression: the words by which the labeller knows a finding."
        "</p>" + "".join(sample(report, found.sections_of(report)) for report in found.samples()))


def _figure(name, title, figure, learned):
    """A figure with its title, and under it what one learns for the training; `learned` may hold text of the data."""
    learned = escape(learned)
    return (f'<figure><h3>{title}</h3><div class="scroll">{figures.svg(figure, name, escape(title))}</div>'
            f"<figcaption>{learned}</figcaption></figure>")


def _share(part, whole):
    return f"{part / whole:.1%}" if whole else "–"

