"""A checkpoint folder from a model repository of the Hugging Face Hub, and into one.

An address is `hf://OWNER/NAME`, or `hf://OWNER/NAME@REVISION`. Nothing but the files of a checkpoint is fetched, all of
them plain data, and what was fetched stays in the cache of huggingface_hub. `HF_ENDPOINT` names another hub.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.checkpoint.validate import CARD, FILES, OLD_CARD, OLD_WEIGHTS, WEIGHTS, read_card, read_config
from captioner.checkpoint.weights import MAX_BYTES
from captioner.errors import BadInput
from captioner.hub.card import TO_WRITE, parted

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# One slash as well: pathlib makes one of two.
_ADDRESS = re.compile(r"hf:/{1,2}(?P<name>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w./-]+))?/?")


def is_address(folder: str | Path) -> bool:
    """Whether this names a model repository, and no folder.

    >>> is_address("hf://owner/name"), is_address(Path("hf://owner/name")), is_address("weights/default")
    (True, True, False)
    """
    return str(folder).startswith("hf:/")


def fetch(address: str | Path) -> Path:
    """The folder that holds the checkpoint of an address: downloaded, or from the cache when that is up to date.

    Without a network what was downloaded before is used.

    Args:
        address: `hf://OWNER/NAME`, with `@REVISION` for another one than the newest.

    Raises:
        BadInput: not an address, no such repository, nobody may read it, it is too large, or no network.
    """
    found = _ADDRESS.fullmatch(str(address))
    if found is None:
        raise BadInput(f"{str(address)[:80]} is no address of a model repository: write hf://OWNER/NAME.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    name, revision = found["name"], found["revision"]
    said, api = f"hf://{name}", _api()
    try:
        information = api.model_info(name, revision=revision, files_metadata=True)
        there = {entry.rfilename: entry.size or 0 for entry in information.siblings or ()}
        if sum(size for file, size in there.items() if file in FILES) > MAX_BYTES:
            raise BadInput(f"{said} is too large: a checkpoint has at most {MAX_BYTES >> 20} MB.")
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(FILES), endpoint=api.endpoint))
    except BadInput:
        raise
    except HfHubHTTPError as error:
        raise BadInput(_refusal(said, error.response.status_code)) from error
    except HFValidationError as error:
        raise BadInput(f"{said} is no address of a model repository: write hf://OWNER/NAME.") from error
    except (ValueError, TypeError, KeyError) as error:  # a page of a proxy, say
        raise BadInput(f"{said} cannot be had: {api.endpoint} does not answer as the Hub does.") from error
    except Exception as error:  # which HTTP client huggingface_hub uses, and so what it raises, depends on its version
        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=list(FILES), local_files_only=True))
        except (HfHubHTTPError, OSError, ValueError):
            raise BadInput(
                f"{said} cannot be reached and was not downloaded before: there is no network, or no such server."
            ) from error


def push(folder: str | Path, to: str, private: bool = False) -> str:
    """Publish a checkpoint folder as a model repository; returns its address on the web.

    Args:
        folder: of a whole checkpoint in the layout of today, with a card that says all.
        to: `OWNER/NAME`; made when it is not there.
        private: a repository that is made is to be seen by its owner alone.

    Raises:
        BadInput: no such checkpoint, no card or an unfinished one, a name that cannot be, nobody logged in, or no
            network.
    """
    folder = Path(folder)
    config = read_config(folder)
    if WEIGHTS not in config["files"]:
        raise BadInput(f"{folder.name} has the layout of version 0.2: load it, and captioner.checkpoint.save it again.")
    yaml, body = parted(read_card(folder))
    if not (folder / CARD).is_file() or not yaml or not body.strip():
        raise BadInput(f"{folder.name} has no card with a header: run `python -m captioner card` first.")
    if TO_WRITE in body:
        raise BadInput(f"{folder.name}/{CARD} is not finished: it still says “{TO_WRITE.strip('( ')}”.")
    to = str(to).removeprefix("hf://")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", to):
        raise BadInput(f"{to[:80]} is no name of a model repository: write OWNER/NAME.")
    from huggingface_hub.errors import HfHubHTTPError

    api = _api()
    try:
        url = api.create_repo(to, repo_type="model", private=private or None, exist_ok=True)
        api.upload_folder(
            repo_id=to,
            folder_path=folder,
            allow_patterns=list(FILES),
            delete_patterns=[OLD_WEIGHTS, OLD_CARD],  # of an older push
            commit_message=f"{config['name']}: weights, words and card",
        )
    except HfHubHTTPError as error:
        raise BadInput(_refusal(to, error.response.status_code)) from error
    except ValueError as error:  # a name or a header that the Hub takes from nobody
        raise BadInput(f"{to} was not published: {(str(error).splitlines() or [''])[0][:200].rstrip('.')}.") from error
    except Exception as error:  # as above
        raise BadInput(f"{to} was not published: there is no network, or no such server.") from error
    return str(url)


def _api() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)


def _refusal(name: str, status: int) -> str:
    reasons = {
        401: "there is no such repository, or nobody is logged in who may see it (`hf auth login`)",
        403: "whoever is logged in may not do that there",
        404: "there is no such repository or revision",
    }
    return f"{name} was refused by the Hub: {reasons.get(status, f'it answered with status {status}')}."
