"""The rules for sentences against the labeller, and the searches under them against every sequence that there is.

With CXR_FUZZ, as many random texts as it says, 64 at a time.
"""

import itertools
import os
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import captioner
from captioner.checkpoint import store
from captioner.decoding.hypotheses import FAR_BELOW
from captioner.decoding.search import Decoder
from captioner.decoding.sentence_rules import CLOSING, SentenceRules
from captioner.errors import BadInput
from captioner.models.graph import graph
from captioner.reports.claims import claims as claims_of
from captioner.reports.findings import FINDINGS, PLACES, all_mentions
from captioner.reports.statements import empty_sentences, is_closing, repetitions, sentences
from captioner.vocabulary import Vocabulary

EXAMPLES = int(os.environ.get("CXR_FUZZ", 5))
LYING = [(), ("left",), ("right",), ("left", "right")]
SIDES_OF = {"left": {"left"}, "right": {"right"}, "bilateral": {"left", "right"}}
SPECIAL = ["<pad>", "<start>", "<end>", "<unk>", "."]
# What the labeller looks at: findings of one word and of two, and every kind of word that denies or ends a denial.
WORDS = (
    "effusion effusions cardiomegaly heart enlarged enlargement size cardiac silhouette nodule nodular mass "
    "opacity opacities interstitial edema pneumothorax calcified granuloma deformity rib compression fracture "
    "infiltrate pleural fluid airspace disease volume loss lung collapse vascular congestion prominent chronic "
    "markings thickening catheter central line foreign body hernia no not without neither nor never none of "
    "negative for free from clear absent lacks excluded rule out ruled exclude unlikely to be resolution removal "
    "cleared resolved removed evaluate detect if there is concern history past previous prior pneumonia has have "
    "been are seen identified longer change increase increased significant interval evidence doubt only difficult "
    "well comparison partially complete document but however with mild stable again which still and or the a may "
    "consider due findings consistent compatible lungs on in left right base small acute normal unchanged "
    "tortuous aorta low volumes recommend chest view bases"
).split()
VOCABULARY = Vocabulary([*SPECIAL, *WORDS])
RULES = SentenceRules(VOCABULARY)
BARRED, ADVANCE = (tf.function(call, reduce_retracing=True, autograph=False) for call in (RULES.barred, RULES.advance))
ALONG = graph(
    Decoder(None, VOCABULARY, RULES)._barred_along, [tf.TensorSpec([None], tf.int32)]
)  # tokens (T,) -> bool (T, V)


def contradictions(text):
    """Findings that the labeller calls stated in one place and denied in another."""
    found = all_mentions(text)
    return {m.finding for m, denied in found if denied} & {m.finding for m, denied in found if not denied}


def barred_at(text):
    """The first place of a text whose token is barred; None when all are let through, an end after them too."""
    tokens = [*VOCABULARY.encode(text), VOCABULARY.end]
    barred = ALONG(tf.constant(tokens)).numpy()
    return next((place for place, token in enumerate(tokens) if barred[place, token]), None)


def turns_in_a_circle(sentence):
    """Whether three words follow each other twice, the last of them none that closes a sentence."""
    words = sentence.split()
    triples = [triple for triple in zip(words, words[1:], words[2:]) if not is_closing(triple[2])]
    return len(set(triples)) < len(triples)


def wander(seed, places=64, steps=24, told=None):
    """Texts of random words that the rules let through, and whether each ended."""
    rng = np.random.default_rng(seed)
    pull = rng.gumbel(size=len(VOCABULARY)) * rng.uniform(0, 3)
    pull[VOCABULARY.encode(".")[0]] += rng.uniform(0, 8)
    state = RULES.start(places, None if told is None else tf.constant(told))
    ended, texts = np.zeros(places, bool), [[] for _ in range(places)]
    for step in range(steps):
        barred = BARRED(state, tf.constant(steps - step)).numpy()
        barred[:, VOCABULARY.forbidden_ids] = True
        assert not barred[~ended].all(axis=1).any()  # a hypothesis can always go on or end
        score = np.where(barred, -np.inf, pull + rng.gumbel(size=barred.shape))
        token = score.argmax(axis=1)
        for place in np.flatnonzero(~ended):
            texts[place].append(int(token[place]))
        ended |= token == VOCABULARY.end
        state = ADVANCE(state, tf.range(places), tf.constant(token, tf.int32))
    return [VOCABULARY.decode(text) for text in texts], ended


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=EXAMPLES)
def test_what_is_let_through_the_labeller_finds_no_fault_with(seed):
    texts, ended = wander(seed)
    assert ended.all()
    faults = {text: (contradictions(text), repetitions(text), empty_sentences(text)) for text in texts}
    assert not {text: found for text, found in faults.items() if any(found)}


@given(st.integers(0, 2**32 - 1), st.sets(st.sampled_from(FINDINGS), max_size=3))
@settings(max_examples=EXAMPLES)
def test_what_is_not_told_is_not_stated_and_what_is_told_is_not_denied(seed, told):
    texts, ended = wander(seed, told=[[finding in told] + [True] * 4 for finding in FINDINGS])
    assert ended.all()
    for text in texts:
        found = all_mentions(text)
        assert {mention.finding for mention, denied in found if not denied} <= told
        assert not {mention.finding for mention, denied in found if denied} & told


@given(st.integers(0, 2**32 - 1), st.dictionaries(st.sampled_from(FINDINGS), st.sampled_from(LYING), max_size=4))
@settings(max_examples=EXAMPLES)
def test_no_finding_is_placed_on_a_side_that_it_is_not_told_to_lie_on(seed, lying):
    told = [[finding in lying, *(side in lying.get(finding, ()) for side in PLACES)] for finding in FINDINGS]
    for text in wander(seed, told=told)[0]:
        placed = [(claim.finding, claim.side) for claim in claims_of(text) if not claim.denied and claim.side]
        assert all(set(lying[finding]) >= SIDES_OF[side] for finding, side in placed), text


def told_rules(text, *told, remaining=40, sides=("left", "right"), sideless=()):
    """The tokens that may follow a text of which these findings are to be stated, on these sides or on none."""
    rows = [
        [finding in told, *(finding in told and side in sides and finding not in sideless for side in PLACES)]
        for finding in FINDINGS
    ]
    state = RULES.start(1, tf.constant(rows))
    for token in VOCABULARY.encode(text):
        state = ADVANCE(state, tf.constant([0]), tf.constant([token], tf.int32))
    barred = BARRED(state, tf.constant(remaining)).numpy()[0]
    return {word for number, word in enumerate(VOCABULARY.tokens) if not barred[number]}


def test_the_impression_goes_on_until_all_that_is_told_is_stated():
    assert "<end>" in told_rules("lungs are clear .") and "no" in told_rules("lungs are clear .")
    owing = told_rules("lungs are clear .", "effusion", "cardiomegaly")
    assert not {"<end>", "no", "without", "nodule"} & owing and {"effusion", "cardiomegaly", "left"} <= owing
    assert "<end>" not in told_rules("small effusion .", "effusion", "cardiomegaly")
    done = told_rules("small effusion . cardiomegaly .", "effusion", "cardiomegaly")
    assert {"<end>", "no"} <= done and "nodule" not in done
    assert "effusion" not in told_rules("no", "effusion") and "effusion" in told_rules("no")


def test_nothing_is_stated_again_in_another_sentence_while_a_finding_is_owed():
    assert "cardiomegaly" not in told_rules("cardiomegaly . stable", "effusion", "cardiomegaly")
    assert "cardiomegaly" in told_rules("cardiomegaly . stable", "cardiomegaly")
    assert "cardiomegaly" in told_rules("cardiomegaly . effusion .", "effusion", "cardiomegaly")
    assert "cardiomegaly" in told_rules("heart enlarged", "effusion", "cardiomegaly")  # in the same sentence
    # Without room for another sentence nothing is owed any more.
    assert "cardiomegaly" in told_rules("cardiomegaly . stable", "effusion", "cardiomegaly", remaining=CLOSING)


def test_only_a_side_that_is_told_is_named():
    every = {"left", "right", "bases"}
    words = {
        sides: every & told_rules("", "effusion", sides=sides)
        for sides in ((), ("left",), ("right",), ("left", "right"))
    }
    assert words == {
        (): set(),
        ("left",): {"left"},
        ("right",): {"right"},
        ("left", "right"): {"left", "right", "bases"},
    }
    assert "left" not in told_rules("", sides=("left",))  # nothing is told, so nothing lies on a side


def test_a_side_goes_with_the_findings_that_lie_on_it():
    told, sideless = ("effusion", "nodule or mass", "cardiomegaly"), ("nodule or mass",)

    def after(text):
        return {"left", "right", "effusion", "nodule", "cardiomegaly"} & told_rules(
            text, *told, sides=("left",), sideless=sideless
        )

    assert after("") == {"left", "effusion", "nodule", "cardiomegaly"}
    assert after("left") == {"left", "effusion", "cardiomegaly"}  # a heart has no side, a nodule's is not told
    assert after("nodule") == {"effusion", "nodule", "cardiomegaly"}
    assert after("left effusion .") == {"nodule", "cardiomegaly"}  # what lies on the left is stated


def test_where_there_is_no_room_for_another_sentence_the_impression_ends():
    assert told_rules("lungs are clear .", "effusion", remaining=CLOSING) == {"<end>"}


@given(st.lists(st.sampled_from([".", "normal", "clear", "chest", "view", "left", "the", "tortuous"]), max_size=9))
def test_repetition_and_emptiness_are_exactly_the_labellers(words):
    text = " ".join(words)
    stops_follow_words = all(a != "." or b != "." for a, b in zip(["."] + words, words))
    circles = any(map(turns_in_a_circle, sentences(text)))
    sound = stops_follow_words and not circles and not repetitions(text) and not empty_sentences(text)
    assert (barred_at(text) is None) == sound


LET_THROUGH = """
no acute disease .
heart size is normal . lungs are clear .
cardiomegaly . no effusion or pneumothorax .
no pneumothorax or effusion but mild interstitial edema .
small left effusion . no pneumothorax . stable cardiomegaly .
calcified granuloma in the left base . no acute disease .
low lung volumes . tortuous aorta .
nodule in the left base . recommend chest view .
no effusion . no pneumothorax
lungs are clear of infiltrate .
the effusion has resolved .
"""
# text | the token at which it stops
STOPPED = """
no acute disease . no acute disease . | 7
left base . | 2
no acute . | 2
. | 0
no effusion . . | 3
effusion . no effusion . | 3
no effusion . left effusion . | 4
cardiomegaly . heart is not enlarged . | 5
enlarged heart . no cardiomegaly . | 4
no pleural fluid . effusion . | 4
effusion . no pleural fluid . | 4
left effusion . right effusion has resolved . | 6
no effusion or pneumothorax . small pneumothorax . | 6
history of pneumonia . infiltrate . | 4
"""


@pytest.mark.parametrize("text", LET_THROUGH.strip().splitlines())
def test_plain_impressions_are_let_through(text):
    assert barred_at(text) is None


@pytest.mark.parametrize("case", STOPPED.strip().splitlines())
def test_nonsense_is_stopped_at_the_token_that_completes_it(case):
    text, place = case.split(" | ")
    assert barred_at(text) == int(place)


def test_a_sentence_does_not_turn_in_a_circle():
    assert barred_at("opacity left base and right base or right chest .") is None
    assert barred_at("opacity left base and right base and right chest .") == 7
    # Across a full stop the same words may follow each other again, and a word that closes a sentence always may.
    assert barred_at("opacity in the left base . nodule in the left base .") is None
    assert barred_at("left chest normal left chest normal .") is None


def test_an_empty_impression_can_not_end():
    assert barred_at("") == 0


def test_no_sentence_begins_in_the_last_steps():
    state = RULES.start(1)
    for token in VOCABULARY.encode("no acute disease ."):
        state = ADVANCE(state, tf.constant([0]), tf.constant([token]))
    free, closing = (BARRED(state, tf.constant(steps)).numpy()[0] for steps in (CLOSING + 1, CLOSING))
    (word,) = VOCABULARY.encode("cardiomegaly")
    assert not free[word] and closing[word] and not closing[VOCABULARY.end]
    assert (np.flatnonzero(~closing) == [VOCABULARY.end]).all()


def test_a_vocabulary_without_closing_words_is_refused():
    with pytest.raises(BadInput, match="closes"):
        SentenceRules(Vocabulary([*SPECIAL, "left", "base"]))
    with pytest.raises(BadInput, match="full stop"):
        SentenceRules(Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "normal"]))


TINY = Vocabulary([*SPECIAL, "no", "effusion", "normal"])
TINY_RULES = SentenceRules(TINY)
TINY_BARRED, TINY_ADVANCE = (
    tf.function(call, reduce_retracing=True, autograph=False) for call in (TINY_RULES.barred, TINY_RULES.advance)
)
SHOWN = tf.constant([[True, True]])


class RandomNetwork:
    """Logits that depend on the whole history through a small random recurrent state."""

    grid = (1, 1)

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.into, self.around, self.out = (
            tf.constant(rng.normal(size=shape), tf.float32) for shape in ((len(TINY), 8), (8, 8), (8, len(TINY)))
        )

    def begin(self, image_features, mask):
        return (), tf.ones((1, 8))

    def step(self, image_features, constants, state, token):
        attention = tf.fill([tf.shape(state)[0], 2], 0.5)
        state = tf.tanh(state @ self.around + tf.gather(self.into, token))
        return 2 * state @ self.out, state, attention


FEATURES = tf.zeros((1, 2, 3))


NETWORKS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (0, 2))]  # random ones, by their seeds


@cache
def tiny_decoder(seed, rules=TINY_RULES):
    """The decoder of a random network, whose graphs are traced once."""
    return Decoder(RandomNetwork(seed), TINY, rules)


@pytest.fixture(scope="module")
def sequences():
    """Every sequence of at most five tokens that the rules let through."""
    words = [token for token in range(len(TINY)) if token not in (*TINY.forbidden_ids, TINY.end)]
    whole, open_ones, state = [], [()], TINY_RULES.start(1)
    for step in range(5):
        barred = TINY_BARRED(state, tf.constant(5 - step)).numpy()
        whole += [(*open_ones[row], TINY.end) for row in np.flatnonzero(~barred[:, TINY.end])]
        rows, columns = np.nonzero(~barred[:, words])
        tokens = np.array(words, np.int32)[columns]
        open_ones = [(*open_ones[row], int(token)) for row, token in zip(rows, tokens)]
        state = TINY_ADVANCE(state, tf.constant(rows, tf.int32), tf.constant(tokens))
    assert not open_ones  # all of them have ended
    return whole


@pytest.mark.parametrize("seed", NETWORKS)
@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_a_wide_beam_finds_every_sequence_that_the_rules_let_through(sequences, seed, penalty):
    decoder = tiny_decoder(seed)
    scored = {
        tokens: decoder.force(FEATURES, SHOWN, tokens).log_probs.sum() / len(tokens) ** penalty for tokens in sequences
    }
    found = decoder.search(FEATURES, SHOWN, width=200, steps=5, length_penalty=penalty)
    assert {tuple(sequence.tokens.tolist()) for sequence in found} == set(scored)
    assert [sequence.score for sequence in found] == pytest.approx(sorted(scored.values(), reverse=True), abs=1e-4)
    assert 10 < len(scored) < 200 and all(sequence.ended for sequence in found)


@pytest.mark.parametrize("seed", NETWORKS)
def test_width_one_takes_the_likeliest_token_that_is_let_through(seed):
    decoder = tiny_decoder(seed)
    (sequence,) = decoder.search(FEATURES, SHOWN, width=1, steps=12)
    (_, state), token, ruled = decoder.network.begin(FEATURES, SHOWN), TINY.start, TINY_RULES.start(1)
    taken = []
    for step in range(12):
        logits, state, _ = decoder.network.step(FEATURES, (), state, tf.constant([token]))
        log_probs = tf.nn.log_softmax(logits).numpy()[0]
        barred = TINY_BARRED(ruled, tf.constant(12 - step)).numpy()[0]
        barred[TINY.forbidden_ids] = True
        token = int(np.where(barred, -np.inf, log_probs).argmax())
        assert sequence.log_probs[step] == pytest.approx(log_probs[token], abs=1e-5)
        taken.append(token)
        if token == TINY.end:
            break
        ruled = TINY_ADVANCE(ruled, tf.constant([0]), tf.constant([token]))
    assert sequence.tokens.tolist() == taken


@pytest.mark.parametrize("width", [1, 3])
def test_a_barred_alternative_keeps_its_probability_and_is_marked(width):
    ruled, free = tiny_decoder(1), tiny_decoder(1, None)
    marked = 0
    for sequence in ruled.search(FEATURES, SHOWN, width=width, steps=12):
        forced, plain = (decoder.force(FEATURES, SHOWN, sequence.tokens) for decoder in (ruled, free))
        np.testing.assert_array_equal(sequence.alternatives, plain.alternatives)
        np.testing.assert_allclose(sequence.alternative_log_probs, plain.alternative_log_probs, atol=1e-5)
        np.testing.assert_allclose(sequence.log_probs, plain.log_probs, atol=1e-5)
        assert not plain.alternatives_barred.any()
        # In its last steps a search bars more than a text that is given, which has no limit.
        assert not (forced.alternatives_barred & ~sequence.alternatives_barred).any()
        real = sequence.alternative_log_probs > FAR_BELOW / 10
        marked += int((sequence.alternatives_barred & real).sum())
    assert marked


def test_the_rules_are_a_setting_that_older_checkpoints_do_not_have(tiny_checkpoint, tmp_path):
    model = captioner.load(tiny_checkpoint)
    assert "sentence_rules" not in model.config["decoding"] and model.decoder.rules is None
    folder = tmp_path / "ruled"
    config = {**model.config, "decoding": {**model.config["decoding"], "sentence_rules": True}}
    vocabulary = Vocabulary(["normal" if token == "acute" else token for token in model.vocabulary.tokens])
    store.save(folder, model.network, vocabulary, config)
    assert captioner.load(folder).decoder.rules is not None
    written = (folder / "config.json").read_text()
    (folder / "config.json").write_text(written.replace('"sentence_rules": true', '"sentence_rules": "yes"'))
    with pytest.raises(BadInput, match="decoding"):
        captioner.load(folder)


def test_the_search_goes_on_from_any_given_word_barred_or_not():
    decoder, words = tiny_decoder(1), TINY.encode("no effusion normal")
    firsts = [(), *((one,) for one in words), *itertools.product(words, repeat=2), *itertools.product(words, repeat=4)]
    gone_on = 0
    for prefix in firsts:
        for sequence in decoder.search(FEATURES, SHOWN, width=2, steps=12, prefix=prefix):
            assert sequence.ended and tuple(sequence.tokens[: len(prefix)]) == prefix
            gone_on += 1
    assert gone_on >= len(firsts)
