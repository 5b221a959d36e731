"""The page's endpoints as tools for MCP clients (Model Context Protocol): `python dashboard.py --mcp`.

Gradio makes a tool of each named endpoint, described by its docstring (panels/server/api.py). It needs the
package `mcp`.
"""

from importlib.util import find_spec

from captioner import BadInput

PACKAGE = "mcp>=1.21,<2"  # what Gradio 6 asks for


def check(auth: object = None) -> None:
    """Whether tools for MCP clients can be offered.

    Args:
        auth: the name and password that visitors are asked for, or None.

    Raises:
        BadInput: the package is not installed, or a login is asked for, which MCP's routes do not know.
    """
    if auth is not None:
        raise BadInput("--mcp cannot be combined with --auth: MCP clients have no login, and would pass by it.")
    if find_spec("mcp") is None:
        raise BadInput(f'--mcp needs the package mcp, which is not installed: pip install "{PACKAGE}"')
