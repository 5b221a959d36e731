"""Many studies at once: a CSV in, a JSON line a study out, going on where it stopped."""

import json
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

import captioner
from captioner.errors import BadInput
from captioner.study import read_study
from captioner.table import table_rows

COLUMNS = ("study", "frontal", "lateral")
WORKERS = 3  # studies under way at once: while one is read or searched, another's encoder has the cores
AHEAD = 6  # studies begun before the first of them is written; TensorFlow and the readers let go of Python's lock


def read_studies(path):
    """The rows of a studies CSV: list of `(study, frontal Path, lateral Path or None)`, paths relative to the CSV.

    Raises:
        BadInput: not a CSV, a column missing, a study without name or frontal, or a name twice.
    """
    studies, seen = [], set()
    for number, row in table_rows(path, COLUMNS):
        study, frontal, lateral = (row[column].strip() for column in COLUMNS)
        if not study or not frontal or study in seen:
            raise BadInput(f"{path.name}, line {number}: each study needs a name of its own and a frontal picture.")
        seen.add(study)
        studies.append((study, path.parent / frontal, path.parent / lateral if lateral else None))
    return studies


def predict_studies(studies, out, checkpoint=None, **decoding):
    """Caption every study of a CSV into `out`, one JSON line each, in the CSV's order.

    A line that is already in `out` is kept and its study is not computed again. A study that cannot be read gets a
    line `{"study", "error"}` and the others go on.

    Raises:
        BadInput: a bad CSV, no study readable at all, or an `out` that holds something else.
    """
    rows = read_studies(studies)
    done = _done(out)
    todo = [row for row in rows if row[0] not in done]
    model = captioner.load(checkpoint) if todo else None
    failed = 0
    try:
        with open(out, "a", encoding="utf-8") as file, ThreadPoolExecutor(WORKERS) as workers:
            waiting = deque(workers.submit(_answer, model, row, decoding) for row in todo[:AHEAD])
            try:
                for number in tqdm(range(len(todo)), unit="study", disable=None):
                    answer = waiting.popleft().result()
                    if number + AHEAD < len(todo):
                        waiting.append(workers.submit(_answer, model, todo[number + AHEAD], decoding))
                    failed += "error" in answer
                    file.write(json.dumps(answer) + "\n")
                    file.flush()
            finally:
                workers.shutdown(wait=False, cancel_futures=True)
    except OSError as error:
        raise BadInput(f"{out.name} cannot be written: {error.strerror}. Run it again to go on where it stopped.") from error
    if todo and failed == len(todo):
        raise BadInput(f"None of the {failed} studies of {studies.name} could be read; {out.name} says why.")


def _answer(model, row, decoding):
    """The line of one study: its caption, or why it could not be read."""
    study, frontal, lateral = row
    try:
        read = read_study(frontal, lateral)
    except BadInput as error:
        return {"study": study, "error": str(error)}
    return model.caption(read, **decoding).as_dict(study=study)


def _done(out):
    """The studies that `out` already answers; a last line that was broken off is cut away."""
    if not out.exists():
        return set()
    whole, done = 0, set()
    with open(out, "rb") as file:
        for line in file:
            try:
                if not line.endswith(b"\n"):
                    raise ValueError("broken off")
                done.add(json.loads(line)["study"])
            except (ValueError, KeyError, TypeError) as error:
                if file.read(1):
                    raise BadInput(f"{out.name} holds something else than predictions; give another --out.") from error
                break
            whole += len(line)
    os.truncate(out, whole)
    return done
