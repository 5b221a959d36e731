"""The Indiana University collection from its public address, for those who have a network.

Pictures and reports: Open-i, U.S. National Library of Medicine (Demner-Fushman et al., JAMIA 2016). The archives hold
`CXR<uid>_...png` and `ecgen-radiology/<uid>.xml`, the form that `captioner.reports.collection` reads.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from captioner.download import archive, transfer
from captioner.errors import BadInput

ADDRESS = "https://openi.nlm.nih.gov/imgs/collections/"
PICTURES, REPORTS = "NLMCXR_png.tgz", "NLMCXR_reports.tgz"
MAX_PICTURE_BYTES, MAX_REPORT_BYTES = 4 << 30, 64 << 20
VIEWS = 2  # an example is a study with exactly a frontal and a lateral picture

_PICTURE_ID = re.compile(r'<parentImage\s+id="(CXR[\w-]{1,80})"')
_IMPRESSION = re.compile(r'<AbstractText\s+Label="IMPRESSION">\s*[^<\s]')


@dataclass(frozen=True)
class Downloaded:
    """What a download brought: the folder, and how many pictures and reports it unpacked there."""

    folder: Path
    pictures: int
    reports: int

    def __str__(self) -> str:
        return f"{self.pictures} pictures and {self.reports} reports are in {self.folder}."


def download(
    out: str | Path,
    examples: int | None = None,
    base_url: str | None = None,
    patience: float = transfer.PATIENCE,
    pause: float = transfer.PAUSE,
) -> Downloaded:
    """Fetch the collection, or a few studies of it, and unpack it.

    `out` then holds the archives with what `captioner.download.transfer` keeps beside them, `images/` and
    `ecgen-radiology/`. A download that broke off goes on where it was; one that is complete is checked and fetches
    nothing.

    Args:
        out: folder, made when it is not there.
        examples: None for everything (1.3 GB); a number for that many studies with a frontal and a lateral picture:
            the pictures' archive is then read only until they are complete, and is not kept.
        base_url: where the two archives lie; the publisher's address when None.
        patience: seconds to wait for a silent server.
        pause: seconds before the second try after a break.

    Returns:
        Downloaded.

    Raises:
        BadInput: no network, a server or an archive that cannot be used, `out` cannot be written, or `examples` is
            below 1.
    """
    if examples is not None and examples < 1:
        raise BadInput(f"The number of examples must be at least 1, not {examples!r}.")
    out, base_url = Path(out), base_url or ADDRESS
    base_url += "" if base_url.endswith("/") else "/"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with transfer.new_client(patience) as client:
            if examples is not None:
                return _examples(client, out, base_url, examples, patience, pause)
            # The small archive first: without a network or room, the news comes at once.
            counts = [
                _fetch_and_unpack(client, base_url + name, out / name, most, out / folder, contents, patience, pause)
                for name, most, folder, contents in (
                    (REPORTS, MAX_REPORT_BYTES, "ecgen-radiology", archive.REPORTS),
                    (PICTURES, MAX_PICTURE_BYTES, "images", archive.PICTURES),
                )
            ]
        return Downloaded(out, counts[1], counts[0])
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}.") from error


def _fetch_and_unpack(
    client: httpx.Client,
    url: str,
    path: Path,
    max_bytes: int,
    folder: Path,
    contents: archive.Contents,
    patience: float,
    pause: float,
) -> int:
    """Returns how many files were unpacked."""
    transfer.fetch(client, url, path, max_bytes, pause, patience)
    try:
        with tqdm(total=None, unit="B", unit_scale=True, disable=None, desc=f"unpacking {path.name}") as bar:
            return archive.unpack(path, folder, contents, bar.update)
    except BadInput as error:
        # A server that lies about the length hands over half an archive as a whole one: its checksum is worth nothing.
        path.unlink()
        path.with_name(path.name + ".json").unlink(missing_ok=True)
        raise BadInput(f"{str(error).rstrip('.')}; it was removed, so that another run fetches it anew.") from error


def _examples(client: httpx.Client, out: Path, base_url: str, count: int, patience: float, pause: float) -> Downloaded:
    transfer.fetch(client, base_url + REPORTS, out / REPORTS, MAX_REPORT_BYTES, pause, patience)
    workplace = Path(tempfile.mkdtemp(prefix=".examples-", dir=out))
    try:
        archive.unpack(out / REPORTS, workplace / "reports", archive.REPORTS)
        studies = _with_two_pictures(workplace / "reports")
        done = _stream_studies(client, base_url + PICTURES, workplace, studies, count, pause)
        (out / "images").mkdir(exist_ok=True)
        (out / "ecgen-radiology").mkdir(exist_ok=True)
        for uid in done:
            for name in studies[uid]:
                (workplace / name).replace(out / "images" / name)
            (workplace / "reports" / f"{uid}.xml").replace(out / "ecgen-radiology" / f"{uid}.xml")
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return Downloaded(out, VIEWS * len(done), len(done))


def _with_two_pictures(folder: Path) -> dict[str, Any]:
    """uid -> names of its two pictures, for every report in `folder` that has an impression."""
    studies = {}
    for path in sorted(folder.glob("*.xml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        names = {f"{picture}.png" for picture in _PICTURE_ID.findall(text)}
        if len(names) == VIEWS and _IMPRESSION.search(text):
            studies[path.stem] = names
    return studies


def _stream_studies(
    client: httpx.Client, url: str, workplace: Path, studies: Mapping[str, Any], count: int, pause: float
) -> list[str]:
    """Read the pictures' archive until `count` studies are complete in `workplace`; returns their uids."""
    owner = {name: uid for uid, names in studies.items() for name in names}
    waiting = {uid: set(names) for uid, names in studies.items()}
    done, failures = [], 0
    with tqdm(total=count, unit="study", disable=None, desc=PICTURES) as bar:
        while True:
            try:
                for name, data in _streamed(client, url):
                    uid = owner.get(name)
                    if uid is None or name not in waiting[uid]:
                        continue
                    (workplace / name).write_bytes(data)
                    waiting[uid].remove(name)
                    if not waiting[uid]:
                        done.append(uid)
                        bar.update()
                    if len(done) == count:
                        return done
                break
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise transfer.unreachable(url, error) from error
            except (httpx.TransportError, transfer.Interrupted) as error:
                # A stream cannot go on in the middle of an archive: from the front again, past what is there already.
                failures += 1
                if failures == transfer.MAX_FAILURES:
                    raise BadInput(f"{url} keeps breaking off, after {len(done)} of {count} studies.") from error
                time.sleep(pause * 2**failures)
    if not done:
        raise BadInput(f"{url} holds no study with two pictures and an impression.")
    return done


def _streamed(client: httpx.Client, url: str) -> Iterator[tuple[str, bytes]]:
    """The pictures of the archive while it arrives; closing this generator closes the connection."""
    with client.stream("GET", url) as response:
        transfer.refuse_answer(url, response)
        with closing(archive.members(PICTURES, _Body(response), archive.PICTURES)) as pictures:
            yield from pictures


class _Body:
    """The body of an answer as a file object that can only be read."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces, self._rest, self._seen = response.iter_raw(), b"", 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; as many as come at once."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
            self._seen += len(self._rest)
            if self._seen > MAX_PICTURE_BYTES:
                raise BadInput(f"{PICTURES} is larger than the collection's.")
        size = len(self._rest) if size is None or size < 0 else size
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
