"""No nonsense: which tokens a search may not choose, so that no impression repeats a sentence, states and denies the
same finding, writes a sentence that states nothing, or runs into its length limit.

A finite automaton over tokens, compiled from the labeller into tables (`captioner.decoding.token_tables`) and run
beside the network. It knows of each hypothesis

- the mode of the sentence so far: plain (what is named is stated), denying (after "no" or "without"), or unsure;
- which findings were stated, denied, or named while it was unsure ("spent");
- which halves of two-word findings ("pleural ... fluid") the sentence has;
- whether the sentence states something yet, and hashes of all finished sentences.

What it lets through, the labeller calls free of contradictions, repetitions and empty sentences. Of contradictions
it bars more than these: where the labeller looks far ahead or back ("not", "has resolved", "to exclude"), it is unsure,
and a finding that is named there can not be named again. Of the 2,276 training impressions of the Indiana collection
without a word outside the vocabulary, the labeller calls 61 faulty; the automaton bars these and 13 more.

Within a sentence no three words follow each other twice: a search that may not end a sentence would turn in a circle.
Of 4,424 training sentences 6 do so.

Of a decoder that is told which findings to state, it also sees to it that they are stated: what is not told may not be
stated, what is told may not be denied, and until all of it is stated (or spent) the impression may not end, no
sentence may begin with a denial, and what an earlier sentence states is not stated again, as long as there is room for
another sentence. A side is named only for findings that are told to lie on it: not once an earlier sentence has stated
them, and not in one sentence with a finding that has a side and is not told this one.

A hypothesis can always end: a word such as "normal" closes any sentence, no sentence begins in the last CLOSING steps,
and in the last two only what ends the impression is allowed.
"""

from typing import NamedTuple

import tensorflow as tf

from captioner.decoding.token_tables import CLEAR, DENYING, DENYING_AND, PLAIN, token_tables
from captioner.errors import BadInput
from captioner.reports import statements
from captioner.reports.findings import FINDINGS, SIDED
from captioner.vocabulary import Vocabulary

CLOSING = 8
MULTIPLIER = 6364136223846793005  # of the hash, modulo 2 ** 64: Knuth, The Art of Computer Programming 2, 3.3.4


class State(NamedTuple):
    """What is known of each of W hypotheses. K pairs, 13 findings, S sentences finished (or room for them).

    `told` and `untold` are bool `(W, 13)`, what the decoder is told to state and what not to; neither of a decoder that
    is told nothing. `lies` is bool `(W, 13, 2)`, which findings are told to lie on the left and on the right, and
    `named` bool `(W, 2)`, which of the two this sentence names.
    `stated_before`, `stated_here` (in this sentence), `stated_twice` (here), `denied` and `spent` are bool `(W, 13)`;
    `first`, `second` bool `(W, K)`, the halves that the sentence has, and `first_denied`, `second_denied` those
    since its last "no"; `mode` int32, `stating`, `dangling`, `begun` (the sentence has a word), `written` (a
    sentence is finished) bool, `hash`, `last` (of the last word) and `pair` (of the last two) int64, all `(W,)`;
    `finished` (sentences) and `triples` (words of this sentence) int64 `(W, S)`: hashes all of them.
    """

    told: tf.Tensor
    untold: tf.Tensor
    lies: tf.Tensor
    named: tf.Tensor
    mode: tf.Tensor
    stated_before: tf.Tensor
    stated_here: tf.Tensor
    stated_twice: tf.Tensor
    denied: tf.Tensor
    spent: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor
    first_denied: tf.Tensor
    second_denied: tf.Tensor
    stating: tf.Tensor
    dangling: tf.Tensor
    begun: tf.Tensor
    written: tf.Tensor
    hash: tf.Tensor
    last: tf.Tensor
    pair: tf.Tensor
    finished: tf.Tensor
    triples: tf.Tensor


class SentenceRules:
    """The automaton in a graph, over the tokens of one vocabulary.

    Args:
        vocabulary: Vocabulary.

    Raises:
        BadInput: the vocabulary has no full stop, or no word that closes any sentence.
    """

    def __init__(self, vocabulary: Vocabulary):
        if "." not in vocabulary:
            raise BadInput("The rules for sentences need a vocabulary with a full stop.")
        self.size, self.end, (self.stop,) = len(vocabulary.tokens), vocabulary.end, vocabulary.encode(".")
        tables = token_tables(vocabulary.tokens)
        # Each sentence can be closed by so many words, so that one of them makes it unlike the others.
        self.max_sentences = int(tables.closing.sum())
        if not self.max_sentences:
            raise BadInput("The rules for sentences need a vocabulary with a word that closes any sentence.")
        self.modes = tf.constant(tables.modes)  # (6, V)
        self.names = tf.constant(tables.names)  # (V, 13)
        self.open_mention = tf.constant(tables.open_mention)  # (V,)
        self.first, self.second = tf.constant(tables.pairs[..., 0]), tf.constant(tables.pairs[..., 1])  # (V, K)
        self.stating, self.dangling = tf.constant(tables.stating), tf.constant(tables.dangling)  # (V,)
        self.backward, self.closing = tf.constant(tables.backward), tf.constant(tables.closing)  # (V,)
        self.no, self.names_side = tf.constant(tables.no), tf.constant(tables.sides)  # (V,), (V, 3)
        self.left_right = tf.constant(tables.sides[:, :2] | tables.sides[:, 2:])  # (V, 2)
        self.sided = tf.constant([name in SIDED for name in FINDINGS])  # (13,)
        self.is_stop = tf.constant([token in (self.stop, self.end) for token in range(self.size)])  # (V,)
        self.is_end = tf.constant([token == self.end for token in range(self.size)])  # (V,)

    def start(self, width: tf.Tensor, told: tf.Tensor | None = None) -> State:
        """The state of `width` hypotheses without a token.

        Args:
            told: bool `(13, 5)`, which findings are to be stated, and no others, and which of them as left, right,
                upper and lower (`captioner.models.finding_head.decide`); None for whichever.
        """
        one = tf.zeros([width], tf.bool)
        findings = tf.zeros([width, len(FINDINGS)], tf.bool)
        pairs = tf.zeros([width, len(statements.FINDINGS_OF_PAIRS)], tf.bool)
        to_state, untold = findings, findings
        lies = tf.zeros([width, len(FINDINGS), 2], tf.bool)
        if told is not None:
            lies |= told[:, 1:3] & told[:, :1] & self.sided[:, None]
            to_state, untold = findings | told[:, 0], findings | ~told[:, 0]
        return State._make(
            (
                to_state,
                untold,
                lies,
                tf.zeros([width, 2], tf.bool),
                tf.zeros([width], tf.int32),
                *[findings] * 5,
                *[pairs] * 4,
                *[one] * 4,
                *[tf.zeros([width], tf.int64)] * 3,
                *[tf.zeros([width, 0], tf.int64)] * 2,
            )
        )

    def shapes(self) -> State:
        """The shape invariants of a state in a loop."""
        sentences = tf.TensorShape([None, None])
        one, findings, pairs = (
            tf.TensorShape(shape)
            for shape in ([None], [None, len(FINDINGS)], [None, len(statements.FINDINGS_OF_PAIRS)])
        )
        return State._make(
            (
                *[findings] * 2,
                tf.TensorShape([None, len(FINDINGS), 2]),
                tf.TensorShape([None, 2]),
                one,
                *[findings] * 5,
                *[pairs] * 4,
                *[one] * 7,
                *[sentences] * 2,
            )
        )

    def barred(self, state: State, remaining: tf.Tensor) -> tf.Tensor:
        """Which tokens may not come next, bool `(W, V)`.

        Args:
            remaining: steps that are left, this one among them.
        """
        stated, denied, unsure = self._named(state, None)  # (W, V, 13) each
        was_stated = state.stated_before | state.stated_here  # (W, 13)
        conflict = (
            (stated & (state.denied | state.spent)[:, None])
            | (denied & (was_stated | state.spent)[:, None])
            | (unsure & (was_stated | state.denied | state.spent)[:, None])
            | ((stated | unsure) & state.untold[:, None])
            | ((denied | unsure) & state.told[:, None])
        )
        # "Not", "has resolved" may deny what comes before them: not where it is stated elsewhere, too.
        both = tf.reduce_any(
            state.stated_here & (state.stated_before | state.stated_twice | state.told), axis=1
        )  # (W,)
        barred = tf.reduce_any(conflict, axis=2) | (both[:, None] & self.backward)  # (W, V)
        triple = self._hash(state.pair[:, None], tf.range(self.size))  # (W, V)
        barred |= ~self.closing & tf.reduce_any(state.triples[:, None] == triple[..., None], axis=2)
        closed = self._closed(state.begun & state.stating & ~state.dangling, state.hash, state.finished)  # (W,)
        between = ~state.begun & state.written  # (W,), after a full stop
        many = tf.reduce_sum(tf.cast(state.finished != 0, tf.int32), axis=1) >= self.max_sentences  # (W,)
        barred |= self.is_stop & ~closed[:, None] & ~(self.is_end & between[:, None])
        elsewhere, no_side = self._sides(state)  # (W, 13), (W, 3)
        barred |= tf.reduce_any((stated | unsure) & elsewhere[:, None], axis=2)
        barred |= tf.reduce_any(no_side[:, None] & self.names_side, axis=2)
        owed = state.told & ~was_stated & ~state.denied & ~state.spent  # (W, 13)
        owes = tf.reduce_any(owed, axis=1) & (remaining > CLOSING) & ~many  # (W,)
        again = tf.reduce_any(stated & state.stated_before[:, None], axis=2)  # (W, V)
        barred |= owes[:, None] & again & ~tf.reduce_any(stated & owed[:, None], axis=2)
        barred |= (self.is_end & owes[:, None]) | (self.no & (owes & ~state.begun)[:, None])
        barred |= ~self.is_end & (between & ((remaining <= CLOSING) | many))[:, None]
        barred = tf.where(remaining > 1, barred, ~self.is_end)
        return tf.cond(tf.equal(remaining, 2), lambda: barred | ~self._closing(state), lambda: barred)

    def advance(self, state: State, parent: tf.Tensor, token: tf.Tensor) -> State:
        """The state after each place took `token (W,)` as a continuation of the place `parent (W,)`."""
        state = State._make(tf.gather(part, parent) for part in state)
        stated, denied, unsure = (part[:, 0] for part in self._named(state, token[:, None]))  # (W, 13)
        backward = tf.gather(self.backward, token)[:, None]  # (W, 1)
        is_no = tf.gather(self.no, token)[:, None]
        first, second = tf.gather(self.first, token), tf.gather(self.second, token)  # (W, K)
        over = tf.gather(self.is_stop, token)  # (W,)
        ends = over[:, None]
        was_stated = state.stated_before | state.stated_here
        turned = backward & state.stated_here
        hashed = tf.where(over, tf.zeros_like(state.hash), self._hash(state.hash, token))
        finishes = over & state.begun
        triples = tf.concat([state.triples, self._hash(state.pair, token)[:, None]], 1)  # (W, S + 1)
        return State(
            told=state.told,
            untold=state.untold,
            lies=state.lies,
            named=~ends & (state.named | tf.gather(self.left_right, token)),
            mode=tf.where(over, PLAIN, tf.gather_nd(self.modes, tf.stack([state.mode, token], 1))),
            stated_before=tf.where(ends, was_stated, state.stated_before),
            stated_here=~ends & ~turned & (state.stated_here | stated),
            stated_twice=~ends & (state.stated_twice | (state.stated_here & stated)),
            denied=state.denied | denied,
            spent=state.spent | unsure | turned,
            first=~ends & (state.first | first),
            second=~ends & (state.second | second),
            first_denied=~ends & ((state.first_denied & ~is_no) | first),
            second_denied=~ends & ((state.second_denied & ~is_no) | second),
            stating=~over & (state.stating | self._states(state, token[:, None])[:, 0]),
            dangling=~over & tf.gather(self.dangling, token),
            begun=~over,
            written=state.written | finishes,
            hash=hashed,
            last=tf.where(over, tf.zeros_like(state.last), self._hash(tf.zeros_like(state.last), token)),
            pair=tf.where(over, tf.zeros_like(state.pair), self._hash(state.last, token)),
            finished=tf.concat([state.finished, tf.where(finishes, state.hash, 0)[:, None]], 1),
            triples=tf.where(ends, tf.zeros_like(triples), triples),
        )

    def _sides(self, state: State) -> tuple[tf.Tensor, tf.Tensor]:
        """Which findings this sentence may not state, bool `(W, 13)`, and whether it may not name left, right and both
        sides, `(W, 3)`."""
        told_anything = tf.reduce_any(state.told | state.untold, axis=1)  # (W,)
        apart = told_anything[:, None, None] & self.sided[:, None] & ~state.lies  # (W, 13, 2)
        elsewhere = tf.reduce_any(apart & state.named[:, None], axis=2)
        here = tf.reduce_any(apart & state.stated_here[..., None], axis=1)  # (W, 2)
        left_to_place = tf.reduce_any(state.lies & ~state.stated_before[..., None], axis=1)  # (W, 2)
        one = here | (told_anything[:, None] & ~left_to_place)  # (W, 2)
        on_both = tf.reduce_any(tf.reduce_all(state.lies, axis=2), axis=1)  # (W,), a finding is told both
        both = tf.reduce_any(one, axis=1) | (told_anything & ~on_both)
        return elsewhere, tf.concat([one, both[:, None]], axis=1)

    def _rows(self, table: tf.Tensor, token: tf.Tensor | None) -> tf.Tensor:
        """The rows of a table `(V, ...)` for each of `token (W, N)`, or for all V tokens, `(1, V, ...)`."""
        return table[None] if token is None else tf.gather(table, token)

    def _named(self, state: State, token: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Which findings each of `token (W, N)` states, denies, or names in an unsure way: bool `(W, N, 13)`.

        Without `token` all V tokens are meant.
        """
        mode = tf.gather(self.modes, state.mode)  # (W, V)
        mode = (mode if token is None else tf.gather(mode, token, axis=1, batch_dims=1))[..., None]  # (W, N, 1)
        names, opens = self._rows(self.names, token), self._rows(self.open_mention, token)[..., None]
        first, second = self._rows(self.first, token), self._rows(self.second, token)  # (W, N, K)
        whole = self._pairs(first, second, state.first, state.second)  # (W, N, 13)
        denied_whole = self._pairs(first, second, state.first_denied, state.second_denied)
        plain = mode <= CLEAR
        denying = (mode == DENYING) | (mode == DENYING_AND)
        stated = plain & (names | whole)
        denied = denying & ((names & ~opens) | denied_whole)
        unsure = ((names | whole) & ~stated & ~denied) | (denying & whole & ~denied_whole)
        return stated, denied, unsure

    def _pairs(self, first: tf.Tensor, second: tf.Tensor, has_first: tf.Tensor, has_second: tf.Tensor) -> tf.Tensor:
        """Findings of the pairs that each token makes whole, bool `(W, N, 13)`.

        Args:
            first, second: bool `(W, N, K)`, the halves that each token is.
            has_first, has_second: bool `(W, K)`, those before it.
        """
        whole = (first & (second | has_second[:, None])) | (second & has_first[:, None])  # (W, N, K)
        shape = tf.shape(whole)
        flat = tf.matmul(
            tf.reshape(tf.cast(whole, tf.float32), [-1, len(statements.FINDINGS_OF_PAIRS)]),
            statements.FINDINGS_OF_PAIRS,
        )
        return tf.reshape(flat > 0, [shape[0], shape[1], len(FINDINGS)])

    def _states(self, state: State, token: tf.Tensor | None) -> tf.Tensor:
        """Whether the sentence states something with each of `token (W, N)`, or with every token."""
        whole = self._pairs(self._rows(self.first, token), self._rows(self.second, token), state.first, state.second)
        return state.stating[:, None] | self._rows(self.stating, token) | tf.reduce_any(whole, axis=2)

    def _closing(self, state: State) -> tf.Tensor:
        """After which tokens the impression can end, bool `(W, V)`."""
        whole = self._states(state, None) & ~self.dangling
        hashed = self._hash(state.hash[:, None], tf.range(self.size))  # (W, V)
        closed = self._closed(whole, hashed, state.finished[:, None])
        return closed | self.is_stop

    def _closed(self, whole: tf.Tensor, hashed: tf.Tensor, finished: tf.Tensor) -> tf.Tensor:
        return whole & ~tf.reduce_any(finished == hashed[..., None], axis=-1)

    def _hash(self, before: tf.Tensor, token: tf.Tensor) -> tf.Tensor:
        return (before + tf.cast(token, tf.int64) + 1) * MULTIPLIER
