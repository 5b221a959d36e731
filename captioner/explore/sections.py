"""The sections of the exploration: under every figure a sentence that says what one learns from it for training.

Each function takes a `captioner.explore.survey.Survey` and returns HTML. Text of the collection is escaped here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.explore import figures
from captioner.explore.figures import share
from captioner.explore.samples import sample
from captioner.explore.survey import SPLITS
from captioner.reports.collection import SECTIONS as REPORT_SECTIONS
from captioner.reports.findings import FINDINGS, SIDES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from captioner.explore.survey import Survey

DENIALS = {"no", "not", "without", "negative"}
UNMARKED = {"normal", "no indexing"}  # MeSH headings that name nothing to be seen


def glance(found: Survey) -> str:
    numbers = [
        (f"{len(found.reports):,}", "studies kept"),
        (f"{sum(found.collection.dropped.values()):,}", "studies dropped"),
        (f"{len(found.pictures):,}", "pictures"),
        (f"{found.views['both views']:,}", "studies with both views"),
        (f"{len(found.impressions):,}", "different impressions"),
        (f"{len(found.words):,}", "different words"),
        (share(found.without_finding.sum(), len(found.reports)), "impressions without a finding"),
        (_median(found.lengths), "words in the median impression"),
    ]
    return '<ul class="numbers">' + "".join(f"<li><b>{number}</b>{what}</li>" for number, what in numbers) + "</ul>"


def dropped(found: Survey) -> str:
    kept = {report.uid for report in found.reports}
    reasons = sorted(found.collection.dropped.items())
    counts = [("kept", len(kept)), *((f"dropped: {reason}", count) for reason, count in reasons)]
    total = sum(count for _, count in counts)
    lost = ", ".join(uid for uid, _ in found.written if uid not in kept)
    listed = f"<details><summary>Numbers of the dropped studies</summary>{escape(lost)}</details>" if lost else ""
    return (
        _figure(
            "kept",
            "What became of the reports",
            figures.bars(counts, total, "reports"),
            f"{len(kept):,} of {total:,} reports have both an impression and a picture and can be learned from. A "
            "report is asked for its impression first: one that lacks both counts as without an impression.",
        )
        + listed
    )


def missing(found: Survey) -> str:
    total, absent, redacted = len(found.written), found.missing, found.redacted
    return _figure(
        "missing",
        "Sections that are missing, of all reports",
        figures.bars([(name, absent[name]) for name in REPORT_SECTIONS], total, "reports that lack the section"),
        f"{share(absent['findings'], total)} of the reports have no findings section, "
        f"{share(absent['impression'], total)} no impression: training on the impression, as is done here, loses only "
        "the latter.",
    ) + _figure(
        "redacted",
        "Sections with XXXX, words removed for privacy",
        figures.bars([(name, redacted[name]) for name in REPORT_SECTIONS], total, "reports"),
        f"{share(redacted['impression'], total)} of the impressions have a hole where a word was removed. Cleaning "
        "closes it, so some sentences that are learned lack a word. Of the indications it is "
        f"{share(redacted['indication'], total)}, which speaks against them as a further input.",
    )


def pictures(found: Survey) -> str:
    studies, unreadable, sizes = len(found.reports), found.unreadable, found.sizes
    counts = sorted(found.pictures_a_study.items())
    several = sum(count for number, count in counts if number > 2)
    shown = [(f"{number} picture{'s' * (number != 1)}", count) for number, count in counts]
    text = (
        _figure(
            "count",
            "Pictures a study",
            figures.bars(shown, studies),
            f"{share(several, studies)} of the studies have more than two pictures: which of several frontal or "
            "lateral ones the captioner is shown has to be chosen.",
        )
        + _figure(
            "views",
            "Views",
            figures.bars(list(found.views.items()), studies),
            f"{share(studies - found.views['both views'], studies)} of the studies lack one of the two views, so the "
            "captioner has to be trained to do without.",
        )
        + _figure("sizes", "Sizes", figures.sizes(sizes), _about_sizes(sizes))
    )
    if unreadable:
        sentences = "<br>".join(escape(picture.problem) for picture in unreadable)
        text += f"<details open><summary>Pictures that cannot be read</summary>{sentences}</details>"
    return text + (
        f"<p>{len(unreadable):,} pictures cannot be read. {len(found.shared_pictures):,} pictures stand in "
        "more than one study.</p>"
    )


def _about_sizes(sizes: Mapping[tuple[int, int], int]) -> str:
    if not sizes:
        return "No picture can be read."
    ratios = [columns / rows for rows, columns in sizes]
    if len(sizes) > 1:
        return (
            f"{len(sizes):,} different sizes, width to height from {min(ratios):.2f} to {max(ratios):.2f}. They "
            "have to be brought to one size; squashing them to squares changes the proportions by which a heart is "
            "called large."
        )
    ((rows, columns),) = sizes
    squares = " They are squares, so the body's proportions were changed or its edges cut before." * (rows == columns)
    return f"All pictures have {columns} × {rows} pixels, the most detail there is to be learned from.{squares}"


def impressions(found: Survey) -> str:
    studies, lengths, normal = len(found.reports), found.lengths, found.without_finding
    common = found.impressions.most_common()
    half, most, nearly = np.percentile(lengths, [50, 90, 99])
    limit = 10 * int(np.ceil(nearly / 10))
    ten = sum(count for _, count in common[:10])
    once = sum(count == 1 for _, count in common)
    return (
        _figure(
            "length",
            "Length",
            figures.lengths(lengths[normal], lengths[~normal]),
            f"Half of the impressions have at most {half:.0f} words, 90% at most {most:.0f}, 99% at most {nearly:.0f}; "
            f"the longest has {lengths.max():,}. A limit of {limit} words cuts off few. The median with a finding is "
            f"{_median(lengths[~normal])} words, without one {_median(lengths[normal])}: in a loss summed over words "
            "the long ones weigh more by themselves.",
        )
        + _commonest(found, common[:15])
        + _figure(
            "coverage",
            "How few impressions cover how many studies",
            figures.coverage([count for _, count in common]),
            f"The ten commonest impressions cover {share(ten, studies)} of the studies, while {once:,} of the "
            f"{len(common):,} different ones occur once. Drawing studies evenly teaches the head of this curve; the "
            "findings are in its tail.",
        )
    )


def _commonest(found: Survey, common: Sequence[tuple[str, int]]) -> str:
    studies, (first, most) = len(found.reports), common[0]
    no_acute = sum(report.impression.startswith("no acute") for report in found.reports)
    unstopped = sum(not report.impression.endswith(".") for report in found.reports)
    rows = [
        (escape(text), f"{count:,}", share(count, studies), f'<i style="width: {100 * count / most:.1f}%"></i>')
        for text, count in common
    ]
    return _table(
        "The commonest impressions",
        ("impression", "studies", "share", ""),
        rows,
        f"{share(no_acute, studies)} of the impressions begin with “no acute”. Always answering “{first}” is right to "
        f"the word in {share(most, studies)} of the studies without a look at a picture, so overlap of words says "
        f"little about what a captioner sees. {share(unstopped, studies)} of the impressions do not end with a full "
        "stop, and count as others than those that do.",
    )


def words(found: Survey) -> str:
    counts, total = found.words, found.words.total()
    top, vocabulary = counts.most_common(30), found.vocabulary
    denying = sum(not DENIALS.isdisjoint(report.impression.split()) for report in found.reports)
    once = sum(count == 1 for count in counts.values())
    thrice = next(row for row in vocabulary if row["least"] == 3)
    rows = [
        (
            f"{row['least']} times or more" if row["least"] > 1 else "at all",
            f"{row['words']:,}",
            share(row["unknown words"], total),
            f"{row['impressions with one']:,}",
        )
        for row in vocabulary
    ]
    return _figure(
        "words",
        "The commonest words",
        figures.bars(top, total, "occurrences in impressions"),
        f"These {len(top)} words are {share(sum(count for _, count in top), total)} of all that is written. A denial "
        f"(no, not, without, negative) stands in {share(denying, len(found.reports))} of the impressions: a captioner "
        "learns to deny before it learns to see.",
    ) + _table(
        "What a smaller vocabulary leaves out",
        ("words seen", "words kept", "text unknown", "impressions with an unknown word"),
        rows,
        f"Of the {len(counts):,} words {once:,} occur once, too seldom to be learned. With the words seen "
        f"three times or more, {share(thrice['unknown words'], total)} of the text is unknown.",
    )


def findings(found: Survey) -> str:
    studies, totals = len(found.reports), found.labels.sum(axis=0)  # (13,)
    order = np.argsort(-totals, kind="stable")
    normal = int(found.without_finding.sum())
    counts = [("no finding", normal), *((FINDINGS[place], int(totals[place])) for place in order)]
    seldom = ", ".join(FINDINGS[place] for place in order if totals[place] < 0.02 * studies)
    several = Counter(int(number) for number in found.labels.sum(axis=1))
    rows = [(f"{number}", several[number]) for number in range(max(several) + 1)]
    more = sum(count for number, count in several.items() if number > 1)
    return (
        _figure(
            "findings",
            "What the impressions state",
            figures.bars(counts, studies),
            f"{share(normal, studies)} of the impressions state none of the thirteen findings. In fewer than 2% of the "
            f"studies: {seldom or 'none of them'}. Where a finding is rare, accuracy means nothing and its score hangs "
            "on a few studies.",
        )
        + _together(found, [place for place in order if totals[place]])
        + _figure(
            "several",
            "Findings in one impression",
            figures.bars(rows, studies),
            f"{share(more, studies)} of the impressions state more than one: to an additional finding head they are "
            "several yes-or-no questions, not one choice.",
        )
    )


def _together(found: Survey, stated: Sequence[int]) -> str:
    if len(stated) < 2:
        return ""
    counts = found.together[np.ix_(stated, stated)]
    names = [FINDINGS[place] for place in stated]
    pairs = np.triu(counts, 1)
    one, other = np.unravel_index(pairs.argmax(), pairs.shape)
    strongest = "No two are ever stated together. "
    if pairs.any():
        strongest = f"The commonest pair is {names[one]} with {names[other]}, in {pairs[one, other]:,} studies. "
    return _figure(
        "together",
        "Findings stated together",
        figures.together(names, counts),
        "Each row: of the studies that state the finding on the left (their number in brackets), how many state the "
        f"one above too. {strongest}What comes together can be guessed from its companion, without being seen.",
    )


def headings(found: Survey) -> str:
    studies = len(found.reports)
    normal = sum({term.lower() for term in report.problems} == {"normal"} for report in found.reports)
    indexed = np.array([any(term.lower() not in UNMARKED for term in report.problems) for report in found.reports])
    silent = int((indexed & found.without_finding).sum())
    return _figure(
        "mesh",
        "The commonest MeSH headings",
        figures.bars(found.headings.most_common(25), studies),
        f"The index calls {share(normal, studies)} of the studies normal. It was made from the findings section too, "
        f"so it knows more than the impression: {silent:,} studies are indexed with something while their impression "
        "states none of the thirteen findings. As targets of a finding head the headings say what a picture shows; the "
        "impressions say what was worth a conclusion.",
    )


def sides(found: Survey) -> str:
    counts, studies = found.sides, len(found.reports)
    series = [("MeSH index", [counts[side][0] for side in SIDES]), ("impression", [counts[side][1] for side in SIDES])]
    indexed, both = (counts["left"][place] + counts["right"][place] for place in (0, 2))
    said = sum(not {"left", "right"}.isdisjoint(report.impression.split()) for report in found.reports)
    return _figure(
        "sides",
        "Left, right, both",
        figures.paired_bars(list(SIDES), series),
        f"{share(said, studies)} of the impressions say left or right: pictures must not be mirrored in training "
        f"unless the words are exchanged too. Where the index says left or right, {share(both, indexed)} of the "
        "impressions say the same side; the others cannot teach it.",
    )


def splits(found: Survey) -> str:
    table = found.splits
    entries = [
        ("studies", lambda split: f"{split['studies']:,}"),
        ("pictures", lambda split: f"{split['pictures']:,}"),
        ("with both views", lambda split: share(split["both views"], split["studies"])),
        ("impression without a finding", lambda split: share(split["without a finding"], split["studies"])),
        ("median words", lambda split: f"{split['median words']:.0f}"),
        ("impression also in train, word for word", lambda split: share(split["impression seen"], split["studies"])),
        ("different words that train lacks", lambda split: f"{split['unseen words']:,}"),
    ]
    rows = [(name, *(show(table[split]) for split in SPLITS)) for name, show in entries]
    rows += [
        (
            name,
            *(
                f"{table[split]['findings'][place]:,} "
                f"({share(table[split]['findings'][place], table[split]['studies'])})"
                for split in SPLITS
            ),
        )
        for place, name in enumerate(FINDINGS)
    ]
    val = table["val"]
    few = ", ".join(name for name, count in zip(FINDINGS, val["findings"], strict=True) if count < 10)
    return _table(
        "Train, val and test",
        ("", *SPLITS),
        rows,
        "The split is by a hash of the study's number alone, so it is the same on every machine. "
        f"{share(val['impression seen'], val['studies'])} of the val impressions stand word for word in train: a "
        "captioner that only recites can look good. Findings with fewer than ten val studies, whose scores hang on "
        f"single ones: {few or 'none'}. {found.shared_across_splits:,} pictures stand in studies of two splits.",
    )


def samples(found: Survey) -> str:
    studies = "".join(sample(report, found.sections_of(report)) for report in found.samples())
    return (
        "<p>Two studies without a finding, then one for each finding that none before states, from the training "
        "split where it has any; chosen by a hash of their numbers. Marked in the cleaned impression: the words by "
        f"which the labeller knows a finding.</p>{studies}"
    )


SECTIONS = {
    "At a glance": glance,
    "Kept and dropped": dropped,
    "Missing sections": missing,
    "Pictures and views": pictures,
    "Impressions": impressions,
    "Words": words,
    "Findings": findings,
    "MeSH headings": headings,
    "Sides": sides,
    "Splits": splits,
    "Sample studies": samples,
}


def _figure(name: str, title: str, figure: Figure, learned: str) -> str:
    """A figure under its title, and what one learns from it; `learned` is plain text, escaped here."""
    return (
        f'<figure><h3>{title}</h3><div class="scroll">{figures.svg(figure, name, escape(title))}</div>'
        f"<figcaption>{escape(learned)}</figcaption></figure>"
    )


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], learned: str) -> str:
    """A table as `_figure`; the cells are HTML."""
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return (
        f'<figure><h3>{title}</h3><div class="scroll">{table}</div><figcaption>{escape(learned)}</figcaption></figure>'
    )


def _median(numbers: np.ndarray) -> str:
    return f"{np.median(numbers):.0f}" if len(numbers) else "–"
