"""Fetching one large file over HTTP: goes on after a break, knows the file again, and never takes half for whole.

During a fetch `NAME.partial` holds what came and `NAME.partial.json` what the server said of it (ETag or
date, length). When it is whole, `NAME.json` keeps its size and SHA-256. The collection's publisher gives no checksums,
so the first whole copy is trusted, and every later one is compared with it.
"""

import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from captioner.download.archive import write_whole
from captioner.errors import BadInput

PATIENCE = 30.0  # seconds without news, after which a connection counts as broken
SLOWEST = 16 << 10  # bytes that each stretch of PATIENCE has to bring
MAX_FAILURES = 5  # connections in a row that bring nothing new
PAUSE = 1.0  # seconds before the second try, doubled each time


class Interrupted(Exception):
    """A connection that broke, stalled or contradicted itself; another try may do better. The text says what it did."""


def new_client(patience: float = PATIENCE) -> httpx.Client:
    """An HTTP client that gives up on a silent server after `patience` seconds."""
    return httpx.Client(
        timeout=httpx.Timeout(patience, pool=None),
        follow_redirects=True,
        max_redirects=5,
        headers={"Accept-Encoding": "identity"},
    )


def fetch(
    client: httpx.Client, url: str, path: str | Path, max_bytes: int, pause: float = PAUSE, patience: float = PATIENCE
) -> dict[str, Any]:
    """Fetch `url` into `path`, or make sure that the file there is the one that was fetched first.

    Args:
        client: of `new_client`.
        url: address.
        path: where the file belongs.
        max_bytes: a larger file is refused.
        pause: seconds before the second try after a break.
        patience: seconds; see `SLOWEST`.

    Returns:
        dict of `url`, `size`, `sha256`, `validator`, as kept in `NAME.json`.

    Raises:
        BadInput: no network, the server refuses or keeps breaking off, the file is too large, or is not the one whose
            checksum was kept. What came is kept for the next time.
    """
    path = Path(path)
    partial, state_path = path.with_name(path.name + ".partial"), path.with_name(path.name + ".partial.json")
    record_path = path.with_name(path.name + ".json")
    try:
        kept = _read(record_path)
        if path.is_file():
            return _known(path, kept, url) if kept else _keep(path, record_path, url, None)
        state = _fetch_whole(client, url, partial, state_path, max_bytes, pause, patience)
        if kept and (partial.stat().st_size, checksum(partial)) != (kept.get("size"), kept.get("sha256")):
            raise BadInput(f"{url} is not the file whose checksum was kept: remove {record_path.name} to accept it.")
        os.replace(partial, path)
        state_path.unlink(missing_ok=True)
        return kept or _keep(path, record_path, url, state.get("validator"))
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unreachable(url: str, error: Exception) -> BadInput:
    """The sentence for a server that does not answer at all."""
    return BadInput(f"{httpx.URL(url).host or url} cannot be reached ({_said(error)}): is there a network?")


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _read(path: Path) -> dict[str, Any]:
    """A small JSON object; empty when it is not there or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _known(path: Path, kept: dict[str, Any], url: str) -> dict[str, Any]:
    if (path.stat().st_size, checksum(path)) != (kept.get("size"), kept.get("sha256")):
        raise BadInput(f"{path.name} is not the file whose checksum was kept beside it: remove it to fetch it anew.")
    return kept


def _keep(path: Path, record_path: Path, url: str, validator: str | None) -> dict[str, Any]:
    record = {"url": url, "size": path.stat().st_size, "sha256": checksum(path), "validator": validator}
    write_whole(record_path, (json.dumps(record, indent=2) + "\n").encode())
    return record


def _fetch_whole(
    client: httpx.Client, url: str, partial: Path, state_path: Path, max_bytes: int, pause: float, patience: float
) -> dict[str, Any]:
    """Try until `partial` is whole; returns what the server said of it."""
    failures, furthest = 0, 0
    while True:
        try:
            return _try_once(client, url, partial, state_path, max_bytes, patience)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            reason: Exception = error
            if furthest == 0 and failures == 0 and not partial.exists():
                raise unreachable(url, error) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise BadInput(f"{url} cannot be fetched: {_said(error)}.") from error
        except (httpx.TransportError, Interrupted) as error:
            reason = error
        size = partial.stat().st_size if partial.exists() else 0
        failures = 0 if size > furthest + SLOWEST else failures + 1
        furthest = max(furthest, size)
        if failures >= MAX_FAILURES:
            if isinstance(reason, (httpx.ConnectError, httpx.ConnectTimeout)):
                raise unreachable(url, reason) from reason
            kept = f"{size} bytes are kept, and another run goes on from there"
            raise BadInput(f"{url} keeps breaking off ({_said(reason)}); {kept}.") from reason
        time.sleep(pause * 2**failures)


def _try_once(
    client: httpx.Client, url: str, partial: Path, state_path: Path, max_bytes: int, patience: float
) -> dict[str, Any]:
    """One connection. Returns the state when the file is whole, raises Interrupted when it is not."""
    state = _read(state_path)
    start = partial.stat().st_size if partial.exists() else 0
    if start and start == state.get("length") and state.get("url") == url:
        return state  # it broke off after the last byte
    if start and not (state.get("url") == url and state.get("validator") and start < (state.get("length") or 0)):
        start = 0  # nothing says that the rest would fit to it
    headers = {"Range": f"bytes={start}-", "If-Range": state["validator"]} if start else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416 and start:
            partial.unlink()
            raise Interrupted("the server has less than it said")
        refuse_answer(url, response)
        validator = _validator(response)
        if response.status_code == 206:
            first, total = _content_range(response)
            if first != start or total != state["length"] or validator != state["validator"]:
                partial.unlink()
                raise Interrupted("the file changed on the server")
        else:
            start = 0  # the server has another file by now, or cannot send parts
            state = {"url": url, "validator": validator, "length": _length(response)}
            partial.unlink(missing_ok=True)
            write_whole(state_path, json.dumps(state).encode())
        length = state["length"]
        if (length or 0) > max_bytes:
            raise BadInput(f"{url} has {length} bytes, more than the {max_bytes} that are expected at most.")
        size = _receive(response, partial, start, length, max_bytes, patience)
    if length is not None and size != length:
        raise Interrupted(f"{size} of {length} bytes came")
    return {**state, "length": size}


def _receive(
    response: httpx.Response, partial: Path, start: int, length: int | None, max_bytes: int, patience: float
) -> int:
    """Append the body to `partial`; returns its size then."""
    size, heard, since = start, time.monotonic(), start
    with (
        open(partial, "ab") as file,
        tqdm(
            total=length,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=None,
            desc=partial.name.removesuffix(".partial"),
        ) as bar,
    ):
        for chunk in response.iter_raw():
            if size + len(chunk) > (max_bytes if length is None else length):
                raise Interrupted("more came than the server said")
            file.write(chunk)
            size += len(chunk)
            bar.update(len(chunk))
            if time.monotonic() > heard + patience:
                if size < since + SLOWEST:
                    raise Interrupted("hardly anything came")
                heard, since = time.monotonic(), size
    return size


def refuse_answer(url: str, response: httpx.Response) -> None:
    """Accept an answer that brings what was asked for.

    Raises:
        Interrupted: the server is busy or broken, which may pass.
        BadInput: it has no such file, or leads from an encrypted address to an open one.
    """
    schemes = [step.url.scheme for step in (*response.history, response)]
    if "https" in schemes and "http" in schemes[schemes.index("https") :]:
        raise BadInput(f"{url} leads to an address without encryption: it is refused.")
    status = response.status_code
    if status in (408, 425, 429) or status >= 500:
        raise Interrupted(f"the server answers {status}")
    if status != 200 and not (status == 206 and "Range" in response.request.headers):
        raise BadInput(f"{url} cannot be fetched: the server answers {status}.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise BadInput(f"{url} cannot be fetched: the server packs it once more.")


def _validator(response: httpx.Response) -> str | None:
    """What vouches that a later answer is about the same bytes: the ETag, unless a weak one, or the date (RFC 9110)."""
    etag = response.headers.get("ETag", "")
    return (etag if not etag.startswith("W/") else "") or response.headers.get("Last-Modified")


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _content_range(response: httpx.Response) -> tuple[int | None, int | None]:
    """`(first byte, total)` of a partial answer; `(None, None)` when it does not say."""
    match = re.fullmatch(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})", response.headers.get("Content-Range", ""))
    return (int(match[1]), int(match[2])) if match else (None, None)
