"""The real page with a stand-in captioner as a process of its own, which says its name in every answer.

`python -m tests.robustness.replica NAME PORT FOLDER`: the folder is for examples and uploads.
"""

import sys
from dataclasses import replace
from pathlib import Path

import dashboard
from panels.server import upload_folder
from panels.server.model_pool import ModelPool
from tests.stand_in import StandIn, write_examples


class Named(StandIn):
    """Its notices begin with its name."""

    def caption(self, study, **search):
        found = super().caption(study, **search)
        return replace(found, notices=(self.name, *found.notices))


def main(name, port, folder):
    upload_folder.keep_apart(Path(folder) / "temporary")
    examples = Path(folder) / "examples"
    examples.mkdir()
    pool = ModelPool({"default": "default"}, lambda _: Named(name)).start()
    page = dashboard.build(pool, write_examples(examples))
    page.launch(server_name="127.0.0.1", server_port=int(port), quiet=True, **dashboard.settings(examples))


if __name__ == "__main__":
    main(*sys.argv[1:])
