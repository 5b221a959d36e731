"""The sections of the exploration: under every figure a sentence that says what one learns from it for training.

Each function takes a `captioner.explore.survey.Survey`, counts, and fills in the section's template: returns HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.explore import figures
from captioner.explore.figures import share
from captioner.explore.samples import sample
from captioner.explore.survey import SPLITS
from captioner.explore.template import render
from captioner.reports.collection import SECTIONS as REPORT_SECTIONS
from captioner.reports.findings import FINDINGS, SIDES

if TYPE_CHECKING:
    from markupsafe import Markup

    from captioner.explore.survey import Survey

DENIALS = {"no", "not", "without", "negative"}
UNMARKED = {"normal", "no indexing"}  # MeSH headings that name nothing to be seen


def glance(found: Survey) -> Markup:
    return render("glance.html", found=found, dropped=sum(found.collection.dropped.values()))


def dropped(found: Survey) -> Markup:
    kept = {report.uid for report in found.reports}
    reasons = sorted(found.collection.dropped.items())
    counts = [("kept", len(kept)), *((f"dropped: {reason}", count) for reason, count in reasons)]
    total = sum(count for _, count in counts)
    return render(
        "dropped.html",
        reasons=figures.bars(counts, total, "reports"),
        kept=len(kept),
        total=total,
        lost=[uid for uid, _ in found.written if uid not in kept],
    )


def missing(found: Survey) -> Markup:
    total, absent, redacted = len(found.written), found.missing, found.redacted
    lacking = [(name, absent[name]) for name in REPORT_SECTIONS]
    return render(
        "missing.html",
        total=total,
        absent=absent,
        redacted=redacted,
        absences=figures.bars(lacking, total, "reports that lack the section"),
        redactions=figures.bars([(name, redacted[name]) for name in REPORT_SECTIONS], total, "reports"),
    )


def pictures(found: Survey) -> Markup:
    studies, sizes = len(found.reports), found.sizes
    counts = sorted(found.pictures_a_study.items())
    ratios = [columns / rows for rows, columns in sizes]
    return render(
        "pictures.html",
        studies=studies,
        counts=figures.bars([(f"{number} picture{'s' * (number != 1)}", count) for number, count in counts], studies),
        several=sum(count for number, count in counts if number > 2),
        views=figures.bars(list(found.views.items()), studies),
        one_view=studies - found.views["both views"],
        drawn_sizes=figures.sizes(sizes),
        sizes=list(sizes),
        narrowest=min(ratios, default=0),
        widest=max(ratios, default=0),
        unreadable=found.unreadable,
        shared=len(found.shared_pictures),
    )


def impressions(found: Survey) -> Markup:
    lengths, normal = found.lengths, found.without_finding
    half, most, nearly_all = np.percentile(lengths, [50, 90, 99])
    common = found.impressions.most_common()
    studies, (first, first_count) = len(found.reports), common[0]
    return render(
        "impressions.html",
        studies=studies,
        lengths=figures.lengths(lengths[normal], lengths[~normal]),
        half=half,
        most=most,
        nearly_all=nearly_all,
        longest=lengths.max(),
        limit=10 * int(np.ceil(nearly_all / 10)),
        with_finding=lengths[~normal],
        without_finding=lengths[normal],
        commonest=[(text, f"{count:,}", share(count, studies)) for text, count in common[:15]],
        bars=[count / first_count for _, count in common[:15]],
        first=first,
        first_count=first_count,
        no_acute=sum(report.impression.startswith("no acute") for report in found.reports),
        unstopped=sum(not report.impression.endswith(".") for report in found.reports),
        coverage=figures.coverage([count for _, count in common]),
        ten=sum(count for _, count in common[:10]),
        once=sum(count == 1 for _, count in common),
        different=len(common),
    )


def words(found: Survey) -> Markup:
    counts, total = found.words, found.words.total()
    top, vocabulary = counts.most_common(30), found.vocabulary
    rows = [
        (
            f"{row['least']} times or more" if row["least"] > 1 else "at all",
            f"{row['words']:,}",
            share(row["unknown words"], total),
            f"{row['impressions with one']:,}",
        )
        for row in vocabulary
    ]
    return render(
        "words.html",
        commonest=figures.bars(top, total, "occurrences in impressions"),
        shown=len(top),
        shown_count=sum(count for _, count in top),
        total=total,
        studies=len(found.reports),
        denying=sum(not DENIALS.isdisjoint(report.impression.split()) for report in found.reports),
        vocabulary=rows,
        different=len(counts),
        once=sum(count == 1 for count in counts.values()),
        unknown=next(row["unknown words"] for row in vocabulary if row["least"] == 3),
    )


def findings(found: Survey) -> Markup:
    studies, totals = len(found.reports), found.labels.sum(axis=0)  # (13,)
    order = np.argsort(-totals, kind="stable")
    normal = int(found.without_finding.sum())
    counts = [("no finding", normal), *((FINDINGS[place], int(totals[place])) for place in order)]
    several = Counter(int(number) for number in found.labels.sum(axis=1))
    by_number = [(f"{number}", several[number]) for number in range(max(several) + 1)]
    return render(
        "findings.html",
        studies=studies,
        normal=normal,
        stated=figures.bars(counts, studies),
        seldom=[FINDINGS[place] for place in order if totals[place] < 0.02 * studies],
        together=_together(found, [place for place in order if totals[place]]),
        several=figures.bars(by_number, studies),
        more=sum(count for number, count in several.items() if number > 1),
    )


def _together(found: Survey, stated: Sequence[int]) -> dict[str, Any] | None:
    """The findings that are stated with another and their commonest pair; None where fewer than two are stated."""
    if len(stated) < 2:
        return None
    counts = found.together[np.ix_(stated, stated)]
    names = [FINDINGS[place] for place in stated]
    pairs = np.triu(counts, 1)
    one, other = np.unravel_index(pairs.argmax(), pairs.shape)
    return {
        "drawing": figures.together(names, counts),
        "pair": (names[one], names[other]),
        "count": int(pairs[one, other]),
    }


def headings(found: Survey) -> Markup:
    studies = len(found.reports)
    indexed = np.array([any(term.lower() not in UNMARKED for term in report.problems) for report in found.reports])
    return render(
        "headings.html",
        studies=studies,
        commonest=figures.bars(found.headings.most_common(25), studies),
        normal=sum({term.lower() for term in report.problems} == {"normal"} for report in found.reports),
        silent=int((indexed & found.without_finding).sum()),
    )


def sides(found: Survey) -> Markup:
    counts, studies = found.sides, len(found.reports)
    series = [("MeSH index", [counts[side][0] for side in SIDES]), ("impression", [counts[side][1] for side in SIDES])]
    indexed, both = (counts["left"][place] + counts["right"][place] for place in (0, 2))
    return render(
        "sides.html",
        studies=studies,
        named=figures.paired_bars(list(SIDES), series),
        said=sum(not {"left", "right"}.isdisjoint(report.impression.split()) for report in found.reports),
        indexed=indexed,
        both=both,
    )


def splits(found: Survey) -> Markup:
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
    return render(
        "splits.html",
        head=("", *SPLITS),
        rows=rows,
        seen=val["impression seen"],
        studies=val["studies"],
        few=[name for name, count in zip(FINDINGS, val["findings"], strict=True) if count < 10],
        shared=found.shared_across_splits,
    )


def samples(found: Survey) -> Markup:
    return render("samples.html", studies=[sample(report, found.sections_of(report)) for report in found.samples()])


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
