"""The checkpoints that the page offers, loaded behind it so that it answers at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from captioner.errors import BadInput
from captioner.language import text
from captioner.sentence import Sentence, worded

if TYPE_CHECKING:
    from captioner.captioner import Captioner

KEPT = 2
_NONE = Sentence("There is no checkpoint in weights/.")


class ModelPool:
    """Checkpoints by name, each loaded when it is asked for; those asked for last are kept.

    Args:
        folders: name -> folder, the first being the one to start with.
        load: folder -> Captioner; raises BadInput when the folder cannot be used.
        warm: called with a Captioner in a thread of its own once it is loaded, to make it quicker later.
        keep: how many.
        let_go: called when one was given up, to free what it took.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        load: Callable[[Path], Captioner],
        warm: Callable[[Captioner], object] | None = None,
        keep: int = KEPT,
        let_go: Callable[[], object] | None = None,
    ) -> None:
        self.folders = dict(folders)
        self._keep, self._let_go = keep, let_go
        self._load = load
        self._warm = warm
        self._loaded: OrderedDict[str, Captioner] = OrderedDict()
        self._ready: set[str] = set()  # names of those that were loaded once: they will be again
        self._refused: dict[str, str] = {}
        self._begun: set[str] = set()
        self._order = threading.Lock()
        self._locks = {name: threading.Lock() for name in self.folders}

    @property
    def names(self) -> list[str]:
        """The names on offer, in order."""
        return list(self.folders)

    def start(self, name: str | None = None) -> Self:
        """Begin to load a checkpoint (default: the first) in a thread of its own, and return at once.

        What is loaded, is being loaded or was refused is left as it is.
        """
        name = name or next(iter(self.folders), None)
        if name in self.folders and name not in self._begun and name not in self._loaded:
            self._begun.add(name)
            threading.Thread(target=self._try, args=(name,), name="load checkpoint", daemon=True).start()
        return self

    def _try(self, name: str) -> None:
        try:
            self.get(name)
        except BadInput:
            pass  # kept in _refused; who asks for the checkpoint is told

    def get(self, name: str | None = None) -> Captioner:
        """The captioner of that name (default: the first), waiting until it is loaded.

        Raises:
            BadInput: there is no such checkpoint, or it cannot be used.
        """
        name = name or next(iter(self.folders), None)
        if name not in self.folders:
            raise BadInput(Sentence("There is no checkpoint of that name.") if name else _NONE)
        with self._locks[name]:
            found = self._loaded.get(name)
            if found is None:
                self._give_up(self._keep - 1)  # before there is another one: the memory is never held for both
                try:
                    found = self._load(self.folders[name])
                    self._keep_this(name, found)
                    self._refused.pop(name, None)
                    if self._warm is not None:
                        threading.Thread(target=self._warm, args=(found,), name="warm", daemon=True).start()
                except BadInput as error:
                    self._refused[name] = str(error)
                    raise
                except Exception as error:
                    why = Sentence(
                        "The checkpoint {name} could not be loaded ({error}).", name=name, error=type(error).__name__
                    )
                    self._refused[name] = why
                    raise BadInput(why) from error
            else:
                self._keep_this(name, found)
            return found

    def _keep_this(self, name: str, found: Captioner) -> None:
        """Keep a captioner as the one that was asked for last."""
        with self._order:
            self._loaded[name] = found
            self._ready.add(name)
            self._loaded.move_to_end(name)
        self._give_up(self._keep)

    def _give_up(self, most: int) -> None:
        """Give up what has not been asked for longest, until at most so many are kept."""
        with self._order:
            given_up = [self._loaded.popitem(last=False) for _ in range(len(self._loaded) - most)]
        if given_up and self._let_go is not None:
            del given_up
            self._let_go()

    def copy(self, name: str) -> Captioner:
        """Another captioner of that name, nobody else's: for what changes its weights. It is not kept.

        Raises:
            BadInput: as `get`.
        """
        self.get(name)
        return self._load(self.folders[name])

    def state(self, name: str | None = None) -> tuple[str, str]:
        """("loading" | "ready" | "refused", the sentence to show for it)."""
        name = name or next(iter(self.folders), None)
        if name is None:
            return "refused", worded(_NONE)
        if name in self._ready:
            return "ready", text("Model ready: {name}", name=name)
        if name in self._refused:
            return "refused", worded(self._refused[name])
        return "loading", text("The model is loading, this takes some seconds")
