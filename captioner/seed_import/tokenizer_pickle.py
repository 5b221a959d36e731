"""The words and ids of a pickled Keras tokenizer, read without ever running the pickle.

A pickle is a small program: unpickling one from a stranger can run anything. Here its opcodes are only parsed (with
`pickletools.genops`, which executes nothing) and followed on a stack of inert values. The one class that may be built
is the tokenizer; the containers it is made of become plain dictionaries; every other global is refused by name.
"""

import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.errors import BadInput

MAX_BYTES = 16 << 20  # the seed's own file has 63 KiB for 1,386 words

# Where `Tokenizer` lived over the years; all of them save the same attributes.
TOKENIZERS = frozenset(
    (module, "Tokenizer")
    for module in (
        "keras_preprocessing.text",
        "keras.preprocessing.text",
        "keras.src.preprocessing.text",
        "keras.src.legacy.preprocessing.text",
        "tf_keras.preprocessing.text",
        "tf_keras.src.preprocessing.text",
    )
)
ORDERED_DICT = ("collections", "OrderedDict")
DEFAULT_DICT = ("collections", "defaultdict")
# Protocol 2 keeps the names of Python 2.
INTEGER = frozenset([("builtins", "int"), ("__builtin__", "int"), ("__builtin__", "long")])
ACCEPTED = TOKENIZERS | INTEGER | {ORDERED_DICT, DEFAULT_DICT}


@dataclass(frozen=True)
class Tokenizer:
    """What a tokenizer file says.

    Attributes:
        words: the words in the order of their ids; the first has id 1, since 0 is padding.
        unknown: the word that stands for unknown words, None when the tokenizer had none.
    """

    words: tuple[str, ...]
    unknown: str | None


def read_tokenizer(path: str | Path) -> Tokenizer:
    """Read a pickled `Tokenizer` of Keras (any of the modules in `TOKENIZERS`, pickle protocols 2 to 5).

    Returns:
        Tokenizer.

    Raises:
        BadInput: the file is missing, too large, damaged, names anything but the tokenizer and its plain containers,
            or its ids are not 1, 2, 3, ... without a gap.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(f"{path.name} has {size} bytes, too many for a tokenizer.")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}.") from error
    state = _Reader(path.name).read(content)
    return _checked(path.name, state)


def _checked(name: str, state: Any) -> Tokenizer:
    index, unknown = state.get("word_index"), state.get("oov_token")
    if not isinstance(index, dict) or not index:
        raise BadInput(f"{name} holds a tokenizer without words.")
    if not all(isinstance(word, str) and type(number) is int for word, number in index.items()):
        raise BadInput(f"{name} holds a tokenizer whose words are not text with a number each.")
    if sorted(index.values()) != list(range(1, len(index) + 1)):
        raise BadInput(f"{name} holds a tokenizer whose ids are not 1 to {len(index)}, each once.")
    if unknown is not None and (not isinstance(unknown, str) or unknown not in index):
        raise BadInput(f"{name} holds a tokenizer whose word for unknown words has no id.")
    return Tokenizer(tuple(sorted(index, key=lambda word: index[word])), unknown)


class _Global:
    """An accepted global: a name on the stack, never the thing itself."""

    def __init__(self, names: tuple[str, str]) -> None:
        self.names = names


class _Instance:
    """The tokenizer under construction; `state` is the dictionary of its attributes."""

    def __init__(self) -> None:
        self.state: dict[Any, Any] | None = None


class _Mark:
    pass


MARK = _Mark()

_NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "INT", "LONG", "FLOAT"}
_STRINGS = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = {"PROTO", "FRAME"}


class _Reader:
    """Follows the opcodes of one pickle on a stack of strings, numbers, lists, tuples, dictionaries and names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self, content: bytes) -> Any:
        """The attributes of the tokenizer that the pickle holds, as a dictionary of plain values."""
        try:
            for opcode, argument, _ in pickletools.genops(content):
                if opcode.name == "STOP":
                    break
                self._follow(opcode.name, argument)
            (result,) = self.stack
        except BadInput:
            raise
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, EOFError) as error:
            raise BadInput(f"{self.name} is not a readable pickle of a tokenizer.") from error
        if not isinstance(result, _Instance) or not isinstance(result.state, dict):
            raise BadInput(f"{self.name} is a pickle, but not of a tokenizer.")
        return result.state

    def _follow(self, opcode: str, argument: Any) -> None:
        stack = self.stack
        if opcode in _NUMBERS or opcode in _STRINGS:
            stack.append(argument)
        elif opcode in _CONSTANTS:
            stack.append(_CONSTANTS[opcode])
        elif opcode in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[int(argument)] = stack[-1]
        elif opcode == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif opcode in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memo[int(argument)])
        elif opcode == "MARK":
            stack.append(MARK)
        elif opcode == "EMPTY_DICT":
            stack.append({})
        elif opcode == "EMPTY_LIST":
            stack.append([])
        elif opcode in _TUPLES:
            count = _TUPLES[opcode]
            stack.append(tuple(self._pop() for _ in range(count))[::-1])
        elif opcode == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif opcode == "SETITEM":
            value, key = self._pop(), self._pop()
            self._put(stack[-1], [key, value])
        elif opcode == "SETITEMS":
            items = self._since_mark()
            self._put(stack[-1], items)
        elif opcode == "APPEND":
            value = self._pop()
            self._extend(stack[-1], [value])
        elif opcode == "APPENDS":
            items = self._since_mark()
            self._extend(stack[-1], items)
        elif opcode == "GLOBAL":
            stack.append(self._global(*argument.split(" ", 1)))
        elif opcode == "STACK_GLOBAL":
            name, module = self._pop(), self._pop()
            stack.append(self._global(module, name))
        elif opcode in ("NEWOBJ", "REDUCE"):
            arguments, callee = self._pop(), self._pop()
            stack.append(self._call(callee, arguments))
        elif opcode == "BUILD":
            state = self._pop()
            self._build(stack[-1], state)
        elif opcode not in _IGNORED:
            raise BadInput(f"{self.name} uses the pickle opcode {opcode}, which no tokenizer needs.")

    def _pop(self) -> Any:
        value = self.stack.pop()
        if value is MARK:
            raise ValueError("a mark where a value should be")
        return value

    def _since_mark(self) -> list[Any]:
        values = []
        while (value := self.stack.pop()) is not MARK:
            values.append(value)
        return values[::-1]

    def _global(self, module: Any, name: Any) -> _Global:
        if (module, name) not in ACCEPTED:
            named = f"{_shown(module)}.{_shown(name)}"
            raise BadInput(f"{self.name} names {named}, which no tokenizer holds: it is refused.")
        return _Global((module, name))

    def _call(self, callee: Any, arguments: Any) -> Any:
        names = callee.names if isinstance(callee, _Global) else None
        if names in TOKENIZERS and arguments == ():
            return _Instance()
        if names == ORDERED_DICT and arguments == ():
            return {}
        if names == DEFAULT_DICT and isinstance(arguments, tuple) and len(arguments) <= 1:
            factory = arguments[0] if arguments else None
            if factory is None or (isinstance(factory, _Global) and factory.names in INTEGER):
                return {}
        called = ".".join(names) if names else "a value"
        raise BadInput(f"{self.name} calls {called} in a way that no tokenizer does: it is refused.")

    def _put(self, target: Any, items: list[Any]) -> None:
        if type(target) is not dict or len(items) % 2:
            raise ValueError("items for what is no dictionary")
        for key, value in zip(items[::2], items[1::2]):
            if type(key) not in (str, int):  # nested tuples take exponential time to hash
                raise ValueError("a key that is neither text nor a whole number")
            target[key] = value

    def _extend(self, target: Any, items: list[Any]) -> None:
        if type(target) is not list:
            raise ValueError("items for what is no list")
        target.extend(items)

    def _build(self, target: Any, state: Any) -> None:
        if not isinstance(target, _Instance) or target.state is not None or type(state) is not dict:
            raise ValueError("attributes for what is no tokenizer")
        target.state = state


def _shown(text: Any) -> str:
    """A name from the file, made fit for a sentence."""
    return ascii(text)[1:-1][:60] if isinstance(text, str) else "something without a name"
