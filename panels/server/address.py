"""Where the page is served: host and port, of the command line or the environment, checked before anything starts."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from captioner import BadInput

HOST, PORT, ROOT_PATH = "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7860
MAX_PORT = 65535


@contextmanager
def hidden_port() -> Iterator[None]:
    """Keep the environment's port from Gradio while it is imported: it would end there in a traceback if it is none."""
    port = os.environ.pop(PORT, None)
    try:
        yield
    finally:
        if port is not None:
            os.environ[PORT] = port


def chosen(host: str | None = None, port: str | None = None) -> tuple[str, int]:
    """The host and port to serve on.

    Args:
        host: of the command line; None for the environment's GRADIO_SERVER_NAME, or this machine alone.
        port: of the command line; None for the environment's GRADIO_SERVER_PORT, or 7860.

    Raises:
        BadInput: no port has that number; the sentence says where it was given.
    """
    name, text = ("--port", port) if port is not None else (PORT, os.environ.get(PORT, str(DEFAULT_PORT)))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= MAX_PORT and len(text) <= 6):
        raise BadInput(f"{name} must be a whole number from 1 to {MAX_PORT}, not {text[:40]!r}.")
    return host if host is not None else os.environ.get(HOST, DEFAULT_HOST), int(text)


def check(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on, in a moment and not after the page was built.

    Raises:
        BadInput: the host is not one of this machine's, or the port is taken or reserved.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        if not bare:
            raise OSError("an empty name")
        family, kind, protocol, _, place = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise BadInput(f"The host {host[:80]!r} is not known: give an address of this machine as --host.") from None
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(place)
            trial.listen()
        except OSError as error:
            raise BadInput(
                f"The page cannot be served on {host} port {port}: {error.strerror}. Give another --host or --port."
            ) from None


def check_root_path() -> None:
    """Refuse a path behind a reverse proxy that browsers could not be told.

    Raises:
        BadInput: GRADIO_ROOT_PATH is neither a path that begins with a slash nor a whole address.
    """
    path = os.environ.get(ROOT_PATH, "")
    if path and not path.startswith(("/", "http://", "https://")):
        raise BadInput(f"{ROOT_PATH} must begin with a slash, or be the page's whole address, not {path[:80]!r}.")
