"""What the cases of the gallery are: which seed has which findings, by a rule and not by what a model says of them.

Every kind of finding that the thirteen of `captioner.reports.findings` cover comes twice, each time on a body of its
own and with side, place and degree as its seed draws them, so that some are hard to see; with them some normal chests,
and some with two findings. The seeds are no training's (100,000 on) and no evaluation's (200,000 on).
"""

from captioner.phantom.findings import Settled, Wanted, settle

FIRST_SEED = 300_000
SIZE = 384
NORMAL = 4

# kind -> how a title calls it
TITLES = {
    "cardiomegaly": "Enlarged heart",
    "effusion": "Pleural effusion",
    "nodule": "Nodule",
    "mass": "Mass",
    "opacity": "Airspace opacity",
    "atelectasis": "Atelectasis",
    "pneumothorax": "Pneumothorax",
    "hyperinflation": "Hyperinflated lungs",
    "granuloma": "Calcified granuloma",
    "hernia": "Hiatal hernia",
    "edema": "Pulmonary edema",
    "scarring": "Scarring",
    "pacemaker": "Pacemaker",
    "port": "Central venous catheter",
}
PAIRS = (
    ("cardiomegaly", "effusion"),
    ("hyperinflation", "scarring"),
    ("opacity", "effusion"),
    ("cardiomegaly", "pacemaker"),
)
_ZONED = ("nodule", "mass", "opacity", "granuloma")  # those whose height says more than their kind


def cases() -> list[tuple[str, str, int, tuple[Wanted, ...]]]:
    """The cases of the gallery, as `captioner.phantom.files.EXAMPLES`: name, title, seed, findings."""
    planned = [()] * NORMAL + [(kind,) for kind in TITLES for _ in range(2)] + list(PAIRS)
    found = []
    for number, kinds in enumerate(planned):
        wanted, seed = tuple(Wanted(kind) for kind in kinds), FIRST_SEED + number
        found.append((f"case-{number + 1:02d}", _title(settle(seed, wanted)), seed, wanted))
    return found


def _title(settled: tuple[Settled, ...]) -> str:
    named = [_named(each) for each in settled]
    return " and ".join([named[0], *(name[:1].lower() + name[1:] for name in named[1:])]) if named else "Normal chest"


def _named(ask: Settled) -> str:
    side = "both sides" if ask.side == "bilateral" else ask.side
    where = [side, f"{ask.zone} zone" if ask.name in _ZONED else None]
    return ", ".join([TITLES[ask.name], *(part for part in where if part)])
