"""Very many studies: one pipeline on Ray Data over a table on any store, by as many processes or machines as there are.

Each worker reads studies, asks an exported SavedModel about some at once, and writes their lines as a part of its own,
whole or not at all. A run that was stopped goes on with the parts that it finds; at the end they become one file in the
order of the table. Rows are those of `captioner predict --studies`; the engine is Ray's (https://docs.ray.io), which
the extra `batch` installs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from captioner.errors import BadInput
from captioner.images.mending import names_in
from captioner.serving.batch_prediction import COLUMNS, MEND, Row, picture_of_table, read_studies

PACKAGE = "ray[data]>=2.50,<3"
RUN, PARTS, PREDICTIONS = "run.json", "parts", "predictions.jsonl"
OBJECT_STORE = 256 << 20  # bytes that Ray keeps of shared memory here: what passes are names of studies
TOGETHER = 8  # studies that a worker asks the graph about at once; a part has as many
PARTS_AT_ONCE = 16  # of which the lines are held while they become one file


def predict_table(
    studies: str, export: str | Path, out: str, workers: int = 2, maps: bool = True, **decoding: Any
) -> dict[str, int]:
    """Caption every study of a table with an exported SavedModel.

    Args:
        studies: the CSV, with the columns study,frontal,lateral: a path, or an address that fsspec reads (`s3://...`).
            Pictures are looked for beside it.
        export: folder that `captioner export` wrote, at the same path for every worker.
        out: folder, or such an address: `predictions.jsonl` in the order of the table, and the parts it was made of.
        workers: processes, of a core each; on a cluster (`RAY_ADDRESS`) of all its machines.
        maps: whether the lines hold the maps of words and findings, which are nearly all of them.
        decoding: `decoding`, `beam_width` and `length_penalty`.

    Returns:
        counts: `studies`, `answered` (now), `kept` (of an earlier run), `failed`.

    Raises:
        BadInput: Ray is not installed or does not start, the table or the export cannot be read, or `out` was begun
            with others.
    """
    if find_spec("ray") is None:
        raise BadInput(f'batch needs the package ray, which is not installed: pip install "{PACKAGE}"')
    studies, out = (text if "://" in text else os.path.abspath(text) for text in (studies, out))
    store = Store(studies, out)
    data = store.table()
    rows = read_studies(Path(store.name), data)
    search = decoding if maps else {**decoding, "maps": False}
    store.begin({"table": hashlib.sha256(data).hexdigest(), "export": _checksum(Path(export)), "search": search})
    done = {study for study, place in store.places().items() if not place.failed}
    todo = [row for row in rows if row.study not in done]
    if todo:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told that it runs
        import ray

        begun = not ray.is_initialized()
        if begun:
            alone = {} if os.environ.get("RAY_ADDRESS") else _this_machine(workers)
            try:
                ray.init(log_to_driver=False, logging_level=logging.ERROR, **alone)
            except Exception as error:  # Ray promises no kind: a machine that is too busy raises a plain one
                where = os.environ.get("RAY_ADDRESS") or "this machine"
                reason = (str(error).splitlines() or [""])[0][:200].rstrip(".")
                raise BadInput(f"Ray did not start on {where}: {reason}. Nothing was answered; try again.") from error
        try:
            context = ray.data.DataContext.get_current()
            context.enable_progress_bars = False
            logging.getLogger("ray.data").setLevel(logging.ERROR)
            items = [
                {"study": row.study, "frontal": row.frontal, "lateral": row.lateral, MEND: "; ".join(row.mend)}
                for row in todo
            ]
            answered = ray.data.from_items(items, override_num_blocks=-(-len(items) // TOGETHER)).map_batches(
                Worker,
                fn_constructor_args=(studies, str(Path(export).absolute()), out, decoding, os.getcwd(), maps),
                batch_size=TOGETHER,
                batch_format="numpy",
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=1,
            )
            for _ in answered.iter_rows():  # Ray computes what is asked for
                pass
        finally:
            if begun:
                ray.shutdown()
    places = store.places()
    store.join([places[row.study] for row in rows])
    failed = sum(place.failed for place in places.values())
    return {"studies": len(rows), "answered": len(todo), "kept": len(rows) - len(todo), "failed": failed}


def _this_machine(workers: int) -> dict[str, Any]:
    """How Ray is started where there is no cluster: its processes find this program wherever the command runs."""
    here = str(Path(__file__).resolve().parents[2])
    paths = [here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        "num_cpus": workers,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE,
        "runtime_env": {"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
    }


class Place(NamedTuple):
    """Where the answer to a study is.

    Attributes:
        part: the file.
        line: its line, from 0.
        failed: whether it says that the study could not be read.
    """

    part: str
    line: int
    failed: bool


class Store:
    """The table and the folder of answers, wherever they are.

    Args:
        studies: address of the table.
        out: address of the folder.
    """

    def __init__(self, studies: str, out: str) -> None:
        import fsspec

        try:
            self._read, self._table = fsspec.core.url_to_fs(studies)
            self._write, self._out = fsspec.core.url_to_fs(out)
        except (ValueError, ImportError) as error:  # a store whose package is not installed
            raise BadInput(f"{str(error).splitlines()[0].rstrip('.')[:200]}.") from error
        self.is_local = isinstance(self._read, fsspec.implementations.local.LocalFileSystem)
        self.name = self._table.rpartition("/")[2]

    def table(self) -> bytes:
        """The bytes of the table."""
        try:
            return self._read.cat_file(self._table)
        except OSError as error:
            raise BadInput(f"{self.name} cannot be read: {error.strerror or 'it is not there'}.") from error

    def picture(self, name: str, folder: Path) -> Path:
        """A picture of the table as a file of this machine; what is elsewhere is copied into `folder`.

        Raises:
            BadInput: it is not there.
        """
        if self.is_local and "://" not in name:
            return picture_of_table(name, Path(self._table))
        import fsspec

        beside = self._table.rpartition("/")[0]
        files, path = fsspec.core.url_to_fs(name) if "://" in name else (self._read, f"{beside}/{name}")
        copy = folder / (path.rpartition("/")[2] or "picture")
        try:
            files.get_file(path, str(copy))
        except OSError as error:
            raise BadInput(f"{name} does not exist: looked for in {beside}.") from error
        return copy

    def begin(self, begun_with: dict[str, Any]) -> None:
        """Take the folder for a run of these, or go on with one.

        Raises:
            BadInput: it holds something else.
        """
        path = f"{self._out}/{RUN}"
        if self._write.exists(path):
            if json.loads(self._write.cat_file(path)) != json.loads(json.dumps(begun_with)):
                raise BadInput(f"{self._out} was begun with another table, export or search: give another --out.")
            return
        if self._write.exists(self._out) and self._write.ls(self._out):
            raise BadInput(f"{self._out} holds something else than answers: give another --out.")
        self.write(RUN, (json.dumps(begun_with, indent=1) + "\n").encode())

    def places(self) -> dict[str, Place]:
        """Where the answers so far are, by study: of one that failed and was tried again the answer."""
        parts, found = f"{self._out}/{PARTS}", dict[str, Place]()
        if not self._write.exists(parts):
            return found
        for path in sorted(self._write.ls(parts, detail=False)):
            if path.endswith(".jsonl"):
                for number, text in enumerate(self._write.cat_file(path).splitlines()):
                    line = json.loads(text)
                    place = Place(path, number, "error" in line)
                    if not (place.failed and line["study"] in found):
                        found[line["study"]] = place
        return found

    def lines(self) -> Iterator[dict[str, Any]]:
        """What is answered so far, a line a study."""
        for place in self.places().values():
            yield json.loads(self._write.cat_file(place.part).splitlines()[place.line])

    def join(self, places: Sequence[Place]) -> None:
        """Write the lines at these places as `predictions.jsonl`, in this order; few of them are held at once."""

        @lru_cache(maxsize=PARTS_AT_ONCE)
        def part(path: str) -> list[bytes]:
            return self._write.cat_file(path).splitlines(keepends=True)

        path = f"{self._out}/{PREDICTIONS}"
        fresh = f"{path}.{os.getpid()}.part"
        with self._write.open(fresh, "wb") as file:
            for place in places:
                file.write(part(place.part)[place.line])
        self._write.mv(fresh, path)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder, whole or not at all."""
        path = f"{self._out}/{name}"
        self._write.makedirs(path.rpartition("/")[0], exist_ok=True)
        fresh = f"{path}.{os.getpid()}.part"
        self._write.pipe_file(fresh, data)
        self._write.mv(fresh, path)


class Worker:
    """A process that answers: it loads the graph once, and then takes a few studies at a time.

    Args:
        studies, out: see `predict_table`.
        export: folder of the SavedModel.
        decoding: of the search.
        place: the folder that the command runs in, where pictures may lie, too.
        maps: whether the lines hold the maps.
    """

    def __init__(
        self, studies: str, export: str, out: str, decoding: dict[str, Any], place: str, maps: bool = True
    ) -> None:
        import tensorflow as tf

        from captioner.serving.served_model import ServedModel, in_process

        with contextlib.suppress(RuntimeError):  # a process that has used TensorFlow before keeps its threads
            tf.config.threading.set_intra_op_parallelism_threads(1)  # a core each: as many workers as there are cores
            tf.config.threading.set_inter_op_parallelism_threads(1)
        with contextlib.suppress(OSError):  # another machine may not have it
            os.chdir(place)
        self._store, self._decoding, self._maps = Store(studies, out), decoding, maps
        self._model = ServedModel(export, in_process(export))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Answer the studies of a batch, and write their part; gives their names back."""
        columns = zip(*(map(str, batch[column]) for column in (*COLUMNS, MEND)))
        rows = [Row(study, frontal, lateral, names_in(mend)) for study, frontal, lateral, mend in columns]
        lines = self._answers(rows)
        name = hashlib.sha256("\0".join(row.study for row in rows).encode()).hexdigest()[:24]
        self._store.write(f"{PARTS}/{name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())
        return {"study": batch["study"]}

    def _answers(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        from captioner.images.study import read_study
        from captioner.serving.answer import answer

        features, offered, lines = {}, {}, {}
        with tempfile.TemporaryDirectory() as folder:
            for number, row in enumerate(rows):
                try:
                    places = [Path(folder) / f"{number}-{view}" for view in ("frontal", "lateral")]
                    for place in places:
                        place.mkdir()
                    frontal = self._store.picture(row.frontal, places[0])
                    lateral = self._store.picture(row.lateral, places[1]) if row.lateral else None
                    study = read_study(frontal, lateral, mend=row.mend)
                    features[row.study], offered[row.study] = self._model.encode(study), study.mendings
                except BadInput as error:
                    lines[row.study] = {"study": row.study, "error": str(error)}
        if features:
            self._model.ask(list(features.values()), **self._decoding)
        for name, each in features.items():
            lines[name] = answer(self._model, each, name, mendings=offered[name], maps=self._maps, **self._decoding)[2]
        return [lines[row.study] for row in rows]


def _checksum(export: Path) -> str:
    """What tells this export from others: its description, which names the weights' own checksum.

    Raises:
        BadInput: no export.
    """
    from captioner.serving.served_model import ASSETS, CONFIG

    try:
        return hashlib.sha256((export / ASSETS / CONFIG).read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"{export} is no SavedModel that this version exported: export it first.") from error
