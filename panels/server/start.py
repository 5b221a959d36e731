"""The command line of the page, and what of it cannot be: known without Gradio, which takes seconds to be imported."""

import argparse
import sys
from collections.abc import Sequence

from captioner.command_line import Parser
from captioner.errors import BadInput
from panels.server import address, framing, mcp_tools


def _name_and_password(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise argparse.ArgumentTypeError("give it as USER:PASSWORD")
    return name, password


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, parsed.

    Raises:
        BadInput: no port has the number that is given, or what may frame the page is no site.
    """
    parser = Parser(
        prog="dashboard.py", description="Chest X-ray impressions with a heatmap for every word, as a web page."
    )
    parser.add_argument("--host", help=f"address to listen on (default: {address.HOST}, or {address.DEFAULT_HOST})")
    parser.add_argument("--port", help=f"port to listen on (default: {address.PORT}, or {address.DEFAULT_PORT})")
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="checkpoint folder or hf://OWNER/NAME to start with (default: weights/default)",
    )
    parser.add_argument("--share", action="store_true", help="make a public link through Gradio's servers")
    parser.add_argument(
        "--auth", type=_name_and_password, metavar="USER:PASSWORD", help="ask visitors for this name and password"
    )
    parser.add_argument("--mcp", action="store_true", help="offer the endpoints as tools to MCP clients, too")
    parser.add_argument(
        "--embed-from", nargs="+", metavar="SITE", help=f"sites that may frame the page (default: {framing.EMBED_FROM})"
    )
    chosen = parser.parse_args(argv)
    chosen.embed_from = framing.chosen(chosen.embed_from)
    chosen.host, chosen.port = address.chosen(chosen.host, chosen.port)
    return chosen


def checked(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, parsed, of a page that can be served there.

    Raises:
        BadInput: as `arguments`; the address cannot be listened on, or the options do not go together.
    """
    chosen = arguments(argv)
    address.check(chosen.host, chosen.port)
    address.check_root_path()
    if chosen.mcp:
        mcp_tools.check(chosen.auth)
    return chosen


def refuse(argv: Sequence[str] | None = None) -> None:
    """End the program with status 2 and one line that says why, where the page cannot be served so."""
    try:
        checked(argv)
    except BadInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)
