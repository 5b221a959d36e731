"""Words <-> token ids, kept as JSON."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from captioner.errors import BadInput

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"


class Vocabulary:
    """A fixed list of tokens; a token's id is its place in it.

    Args:
        tokens: all tokens in the order of their ids, the special ones among them.
        pad, start, end, unknown: the special tokens as they are in `tokens`.

    Raises:
        BadInput: a token twice, not a string, or a special token missing.
    """

    def __init__(
        self, tokens: Iterable[str], pad: str = PAD, start: str = START, end: str = END, unknown: str = UNKNOWN
    ) -> None:
        tokens = tuple(tokens)
        if not all(isinstance(token, str) and token for token in tokens) or len(set(tokens)) != len(tokens):
            raise BadInput("The vocabulary must be a list of different words.")
        self.tokens = tokens
        self._ids = {token: number for number, token in enumerate(tokens)}
        for special in (pad, start, end, unknown):
            if special not in tokens:
                raise BadInput(f"The vocabulary lacks the token {str(special)[:40].encode('unicode_escape').decode()}.")
        self.pad, self.start, self.end, self.unknown = (self._ids[token] for token in (pad, start, end, unknown))

    @classmethod
    def of(cls, captions: Iterable[str], min_count: int = 3) -> Self:
        """The vocabulary of cleaned captions: every word that occurs at least `min_count` times, commonest first."""
        counts = Counter(word for caption in captions for word in caption.split())
        words = sorted(
            (word for word, count in counts.items() if count >= min_count), key=lambda word: (-counts[word], word)
        )
        return cls([PAD, START, END, UNKNOWN, *words])

    @property
    def forbidden_ids(self) -> list[int]:
        """The ids that no search may choose: padding, start and the unknown token."""
        return [self.pad, self.start, self.unknown]

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def word(self, token_id: int) -> str:
        """The token with this id."""
        return self.tokens[token_id]

    def encode(self, text: str) -> list[int]:
        """A cleaned caption's ids, without start and end; unknown words become `<unk>`."""
        return [self._ids.get(word, self.unknown) for word in text.split()]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as text, up to the first end token; padding and start are left out."""
        words = []
        for token_id in ids:
            if token_id == self.end:
                break
            if token_id not in (self.pad, self.start):
                words.append(self.tokens[token_id])
        return " ".join(words)

    def to_json(self) -> str:
        """The vocabulary as the text of a JSON file, which `load` reads."""
        specials = {name: self.tokens[getattr(self, name)] for name in ("pad", "start", "end", "unknown")}
        return json.dumps({**specials, "tokens": self.tokens}, ensure_ascii=False, indent=0) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a vocabulary written by `save`.

        Raises:
            BadInput: the file is missing, is no JSON or not of this form.
        """
        path = Path(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            specials = {name: content[name] for name in ("pad", "start", "end", "unknown")}
            tokens = content["tokens"]
            if not isinstance(tokens, list):
                raise TypeError("tokens is not a list")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"{path.name} is not a readable vocabulary: {error}.") from error
        return cls(tokens, **specials)
