"""The checkpoints that the page offers, loaded behind it so that it answers at once."""

import threading

from captioner.errors import BadInput


class Shelf:
    """Checkpoints by name, each loaded once and kept.

    Args:
        folders: name -> folder, the first being the one to start with.
        load: folder -> Captioner; raises BadInput when the folder cannot be used.
        warm: called with a Captioner in a thread of its own once it is loaded, to make it quicker later.
    """

    def __init__(self, folders, load, warm=None):
        self.folders = dict(folders)
        self._load = load
        self._warm = warm
        self._loaded = {}
        self._refused = {}
        self._locks = {name: threading.Lock() for name in self.folders}

    @property
    def names(self):
        """The names on offer, in order."""
        return list(self.folders)

    def start(self):
        """Begin to load the first checkpoint in a thread of its own, and return at once."""
        if self.names:
            threading.Thread(target=self._try, args=(self.names[0],), name="load checkpoint", daemon=True).start()
        return self

    def _try(self, name):
        try:
            self.get(name)
        except BadInput:
            pass  # kept in _refused; who asks for the checkpoint is told

    def get(self, name=None):
        """The captioner of that name (default: the first), waiting until it is loaded.

        Raises:
            BadInput: there is no such checkpoint, or it cannot be used.
        """
        name = name or next(iter(self.folders), None)
        if name not in self.folders:
            raise BadInput("There is no checkpoint of that name." if name else "There is no checkpoint in weights/.")
        with self._locks[name]:
            if name not in self._loaded:
                try:
                    self._loaded[name] = self._load(self.folders[name])
                    self._refused.pop(name, None)
                    if self._warm is not None:
                        threading.Thread(target=self._warm, args=(self._loaded[name],), name="warm", daemon=True).start()
                except BadInput as error:
                    self._refused[name] = str(error)
                    raise
                except Exception as error:
                    self._refused[name] = f"The checkpoint {name} could not be loaded ({type(error).__name__})."
                    raise BadInput(self._refused[name]) from error
            return self._loaded[name]

    def copy(self, name):
        """Another captioner of that name, nobody else's: for what changes its weights. It is not kept.

        Raises:
            BadInput: as `get`.
        """
        self.get(name)
        return self._load(self.folders[name])

    def state(self, name=None):
        """("loading" | "ready" | "refused", the sentence to show for it)."""
        name = name or next(iter(self.folders), None)
        if name is None:
            return "refused", "There is no checkpoint in weights/."
        if name in self._loaded:
            return "ready", f"Model ready: {name}"
        if name in self._refused:
            return "refused", self._refused[name]
        return "loading", "The model is loading, this takes some seconds"
