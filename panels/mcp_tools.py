"""The page's endpoints as tools for MCP clients (Model Context Protocol): `python dashboard.py --mcp`.

Gradio makes a tool of each named endpoint, described by its docstring (panels/endpoints.py). It needs the
package `mcp`.
"""

from importlib.util import find_spec

from captioner import BadInput

PACKAGE = "mcp>=1.21,<2"  # what Gradio 6 asks for


def check():
    """Whether the package is there.

    Raises:
        BadInput: it is not; the sentence says how to install it.
    """
    if find_spec("mcp") is None:
        raise BadInput(f'--mcp needs the package mcp, which is not installed: pip install "{PACKAGE}"')
