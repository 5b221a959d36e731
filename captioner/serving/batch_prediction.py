"""Many studies at once: a CSV in, a JSON line per study out, going on where it stopped."""

import hashlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

import captioner
from captioner.checkpoint.store import CONFIG, local, read_config
from captioner.errors import BadInput
from captioner.images.mending import names_in
from captioner.images.study import read_study
from captioner.quiet import import_tensorflow
from captioner.reports.csv_table import table_rows
from captioner.serving.answer import answer
from captioner.serving.run_record import Predictions

if TYPE_CHECKING:  # it imports TensorFlow, which takes seconds
    from captioner.captioner import Captioner

COLUMNS = ("study", "frontal", "lateral")
MEND = "mend"  # a column that may be there
WORKERS = 3  # studies under way at once: while one is read or searched, another's encoder has the cores
AHEAD = 6  # studies begun before the first of them is written; TensorFlow and the readers let go of Python's lock
STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Row:
    """A study of the table: its name, and its pictures as the table calls them (the lateral may be empty).

    Attributes:
        mend: names of mendings to do to the pictures (`captioner.images.mending`).
    """

    study: str
    frontal: str
    lateral: str
    mend: tuple[str, ...] = ()


def read_studies(path: Path, data: bytes | None = None) -> list[Row]:
    """The rows of a studies CSV.

    Args:
        path: of the CSV.
        data: its bytes, where they were read already.

    Raises:
        BadInput: not a CSV, a column missing, a study without name or frontal, a name twice, or no such mending.
    """
    rows, seen = [], set()
    for number, row in table_rows(path, COLUMNS, data, optional=(MEND,)):
        study, frontal, lateral = (row[column].strip() for column in COLUMNS)
        if not study or not frontal or study in seen:
            raise BadInput(f"{path.name}, line {number}: each study needs a name of its own and a frontal picture.")
        seen.add(study)
        try:
            mend = names_in(row.get(MEND, ""))
        except BadInput as error:
            raise BadInput(f"{path.name}, line {number}: {error}") from error
        rows.append(Row(study, frontal, lateral, mend))
    return rows


def predict_studies(
    studies: Path, out: Path, checkpoint: Path | None = None, maps: bool = True, **decoding: object
) -> None:
    """Caption every study of a CSV into `out`, one JSON line each, in the CSV's order.

    What an interrupted run has written is kept and not computed again, when the checkpoint, the CSV and the search are
    still the same (`captioner.serving.run_record`). A study that cannot be read gets a line `{"study", "error"}` and
    the others go on; the next run tries it again.

    Args:
        studies: the CSV.
        out: the file; "-" for standard output, which is never gone on with.
        checkpoint: folder; the default one when None.
        maps: whether the lines hold the maps of words and findings, which are nearly all of them.
        decoding: `decoding`, `beam_width` and `length_penalty`, as `captioner.captioner.Captioner.caption` takes them.

    Raises:
        BadInput: a bad CSV, an `out` that holds something else, or studies that could not be read; those that could
            are in `out` all the same.
    """
    try:
        data = studies.read_bytes()
    except OSError as error:
        raise BadInput(f"{studies} cannot be read: {error.strerror or error}.") from error
    rows = read_studies(studies, data)
    if str(out) == STANDARD_OUTPUT:
        failed = 0
        with closing(_answers(rows, studies, checkpoint, decoding, maps)) as answers:
            for answer in answers:
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()
                failed += "error" in answer
    else:
        failed = _into_file(rows, studies, out, checkpoint, decoding, hashlib.sha256(data).hexdigest(), maps)
    if failed:
        where = "the output" if str(out) == STANDARD_OUTPUT else out.name
        again = "" if str(out) == STANDARD_OUTPUT else " Run it again to try them again."
        raise BadInput(
            f"{failed} of the {len(rows)} studies of {studies.name} could not be read; {where} says why.{again}"
        )


def _into_file(
    rows: list[Row],
    studies: Path,
    out: Path,
    checkpoint: Path | None,
    decoding: dict,
    checksum: str,
    maps: bool,
) -> int:
    """Write what `out` lacks; returns how many studies failed."""
    by_name = {row.study: row for row in rows}
    begun_with = {
        **_checkpoint_and_search(local(checkpoint), decoding),
        "table": {"folder": str(studies.parent.resolve()), "sha256": checksum},
        "maps": maps,
    }

    def changed_since(study: str, time: float) -> bool:
        row = by_name[study]
        pictures = (_found(name, studies) for name in (row.frontal, row.lateral) if name)
        # The time of the change to the file's entry: a copy that keeps the older file's time is noticed, too.
        return any(picture is not None and picture.stat().st_ctime > time for picture in pictures)

    failed = 0
    try:
        with Predictions(out, begun_with, list(by_name), studies, changed_since) as predictions:
            todo = [row for row in rows if row.study not in predictions.done]
            with closing(_answers(todo, studies, checkpoint, decoding, maps)) as answers:
                for answer in answers:
                    failed += "error" in answer
                    predictions.write(answer)
            predictions.finish()
    except OSError as error:
        raise BadInput(
            f"{out.name} cannot be written: {error.strerror}. Run it again to go on where it stopped."
        ) from error
    return failed


def _checkpoint_and_search(folder: Path, decoding: dict) -> dict:
    """What an answer depends on beside the pictures, for the record of a run."""
    config = read_config(folder)  # which holds the checksums of the other files, and they are right
    search = {"decoding": decoding.get("decoding", "greedy")}
    if search["decoding"] == "beam":
        penalty = decoding.get("length_penalty")
        search["beam_width"] = decoding.get("beam_width", 3)
        search["length_penalty"] = config["decoding"].get("length_penalty", 0.7) if penalty is None else penalty
    checksum = hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
    return {"checkpoint": {"name": config["name"], "sha256": checksum}, "search": search}


def _answers(
    rows: list[Row], studies: Path, checkpoint: Path | None, decoding: dict, maps: bool
) -> Generator[dict, None, None]:
    """The lines of `rows`, in order, a few studies ahead of the one that is asked for."""
    if not rows:
        return
    import_tensorflow()
    model = captioner.load(checkpoint)
    with ThreadPoolExecutor(WORKERS) as workers:

        def begin(row: Row) -> Future:
            return workers.submit(_answer, model, row, studies, decoding, maps)

        waiting = deque(map(begin, rows[:AHEAD]))
        try:
            for number in tqdm(range(len(rows)), unit="study", disable=None):
                answer = waiting.popleft().result()
                if number + AHEAD < len(rows):
                    waiting.append(begin(rows[number + AHEAD]))
                yield answer
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _answer(model: "Captioner", row: Row, studies: Path, decoding: dict, maps: bool) -> dict:
    """The line of one study of a table."""
    return line_of(model, row, lambda name: picture_of_table(name, studies), decoding, maps)


def line_of(model: "Captioner", row: Row, find: Callable[[str], Path], decoding: dict, maps: bool = True) -> dict:
    """The line of one study: its caption (`captioner.serving.answer`), or `{"study", "error"}`, why it was not read.

    Args:
        model: the checkpoint.
        row: the study.
        find: from what the row calls a picture to its file; raises BadInput where it is not there.
        decoding: arguments of `Captioner.caption`.
        maps: whether it holds the maps.
    """
    try:
        frontal = find(row.frontal)
        read = read_study(frontal, find(row.lateral) if row.lateral else None, mend=row.mend)
    except BadInput as error:
        return {"study": row.study, "error": str(error)}
    return answer(model, read, row.study, maps=maps, **decoding)[2]


def _places(name: str, studies: Path) -> list[Path]:
    """Where a picture of the table may be: relative to the table, or else to the folder that the program runs in."""
    path = Path(name)
    if name.startswith("~"):
        with suppress(RuntimeError):  # no such user
            path = path.expanduser()
    places = [studies.parent / path]
    if not path.is_absolute():
        places.append(Path.cwd() / path)
        if "\\" in name:  # a table from Windows
            places += [place.parent / name.replace("\\", "/") for place in (studies, Path.cwd() / "x")]
    return list(dict.fromkeys(place.absolute() for place in places))


def _found(name: str, studies: Path) -> Path | None:
    return next((place for place in _places(name, studies) if os.path.exists(place)), None)


def picture_of_table(name: str, studies: Path) -> Path:
    """The path of a picture of the table.

    Raises:
        BadInput: it is nowhere; the sentence says where it was looked for.
    """
    found = _found(name, studies)
    if found is None:
        folders = dict.fromkeys((studies.parent.absolute(), Path.cwd()))
        where = "" if Path(name).is_absolute() else f": looked for in {' and in '.join(map(str, folders))}"
        raise BadInput(f"{name} does not exist{where}.")
    return found
