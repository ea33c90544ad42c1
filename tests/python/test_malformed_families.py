"""Schema and loader agree: what is malformed is refused by both, with its place, and none crashes.

The corpus is generated: every built-in family's document is changed in one place at a time, and
its text is cut and doubled. The schema is judged by a validator that is not ours.
"""

import copy
import json
import random
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from trifactor import _trifactor

FOLDER = Path(__file__).parents[2] / "task_generators"
SCHEMA = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
TEXTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.json"))
    if path.stem != "schema"
}
SEED = 9
# Changes of one place that are tried of every family; there are some thousands.
EACH = 150

# What no schema can say: how the parts of a document refer to each other, what a state can be.
BEYOND_A_SCHEMA = re.compile(
    r"unknown variable|no variable fits|no block or goal is|no block is|no goal is"
    r"|is taken|no task variable is called|has no range"
    r"|expected the terms|bounds, as many as|a lower bound exceeds|expected components from"
    r"|must not be zero|a factor that is not 0|would last 0 s|goals or more"
    # What only a simulation can tell: whether a pile of such blocks comes to rest with room.
    r"|one diameter|turns from|piles came to rest|has no room for so many blocks"
)


def places(value, place=()):
    """Every place in a document with what stands there, the root included."""
    yield place, value
    items = value.items() if isinstance(value, dict) else ()
    for key, below in enumerate(value) if isinstance(value, list) else items:
        yield from places(below, (*place, key))


def at(document, place):
    """What stands at a place."""
    for key in place:
        document = document[key]
    return document


def changed(document, place, value):
    """A copy with another value at a place."""
    if not place:
        return value
    document = copy.deepcopy(document)
    at(document, place[:-1])[place[-1]] = value
    return document


def changes(document):
    """Copies of a document with one thing wrong, or at least other: kind, place, copy."""
    for place, value in places(document):
        kinds = [None, True, "?!", -7.5, [], {}]
        for other in kinds:
            if type(other) is not type(value):
                yield "type", place, changed(document, place, other)
        if isinstance(value, dict):
            for key in value:
                copied = copy.deepcopy(document)
                del at(copied, place)[key]
                yield "missing", place, copied
            yield "unknown", place, changed(document, place, {**value, "surprise": 1})
        elif isinstance(value, list):
            yield "length", place, changed(document, place, [*value, *value[-1:], *value[-1:]])
            if value:
                yield "length", place, changed(document, place, value[:-1])
        elif isinstance(value, str):
            for other in (f"{value} ?", f"{value}_x", value[:-1], value.upper(), ""):
                yield "reference", place, changed(document, place, other)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            for other in (-1e9, 1e9, -value, 0.123, 0.0):
                yield "number", place, changed(document, place, other)


def doubled(text):
    """Texts with a key twice: a parser for dictionaries takes the last and tells nobody."""
    for match in re.finditer(r'"(\w+)":', text):
        yield f'{text[: match.start()]}"{match[1]}": 0, {text[match.start() :]}'


def cut(text):
    """Texts that end too early, go on too long or are no JSON at all."""
    yield from (text[: len(text) * part // 40] for part in range(40))
    yield from (text + "}", text + "{}", text.replace(",", ";", 1), text.replace("]", ",]", 1))
    yield from ("", "null", "[]", "7", '"pushing"', "NaN", "{", "\x00", text.replace("0.", ".", 1))


@pytest.fixture
def load(tmp_path, capfd):
    """A function that loads a text: None, or the place and the reason it was refused with."""
    path = tmp_path / "family.json"

    def load(text):
        path.write_text(text, encoding="utf-8")
        status = _trifactor.main(["variables", str(path), "--json"])
        told = capfd.readouterr().err
        if status == 0:
            return None
        # A crash would be an exception; a refusal says where and why.
        found = re.search(r": at (\S+): (.*)", told, re.DOTALL)
        assert found, told
        return found[1], found[2]

    return load


def leads_into(document, path):
    """Whether a path such as `blocks[0].size` leads to a place of a document, or to a key that
    is missing there; and the place as far as it is there."""
    place = []
    for key in re.findall(r"[^.\[\]]+", path):
        here = at(document, place)
        if isinstance(here, list) and key.isdigit() and int(key) < len(here):
            place.append(int(key))
        elif isinstance(here, dict) and key in here:
            place.append(key)
        else:
            return None
    return tuple(place)


def test_the_schema_is_one_and_takes_every_family(load):
    Draft202012Validator.check_schema(SCHEMA)
    assert len(TEXTS) == 9
    for text in TEXTS.values():
        VALIDATOR.validate(json.loads(text))
        assert load(text) is None


def compare(corpus, load):
    """Assert of every change that schema and loader agree; how many of each kind were refused."""
    refused = {}
    for kind, place, broken in corpus:
        takes = VALIDATOR.is_valid(broken)
        refusal = load(json.dumps(broken))
        case = f"{kind} at {place}: {at(broken, place)!r:.80}: {refusal}"
        if refusal is None:
            assert takes, f"the schema alone refuses {case}"
            continue
        refused[kind] = refused.get(kind, 0) + 1
        path, reason = refusal
        found = leads_into(broken, path)
        assert found is not None, f"no such place: {case}"
        if takes:
            assert BEYOND_A_SCHEMA.search(reason), f"the loader alone refuses {case}"
        else:
            near = min(len(found), len(place))
            assert found[:near] == place[:near], f"another place: {case}"
    print(f"{sum(refused.values())} refused: {refused}")
    return refused


@pytest.mark.parametrize("name", TEXTS)
def test_schema_and_loader_refuse_the_same_changed_families_with_the_place(name, load):
    corpus = list(changes(json.loads(TEXTS[name])))
    print(f"seed {SEED}: {EACH} of {len(corpus)} changes")
    refused = compare(random.Random(SEED).sample(corpus, EACH), load)
    assert sum(refused.values()) > EACH / 2 and len(refused) == 6


@pytest.mark.sweep
@pytest.mark.parametrize("name", TEXTS)
def test_schema_and_loader_refuse_the_same_in_the_whole_corpus(name, load):
    corpus = list(changes(json.loads(TEXTS[name])))
    assert sum(compare(corpus, load).values()) > 500


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_cut_or_say_a_key_twice_are_refused(name, load):
    text = TEXTS[name]
    for broken in [*cut(text), *random.Random(SEED).sample(list(doubled(text)), 20)]:
        refusal = load(broken)
        assert refusal is not None, broken
        assert refusal[0] and refusal[1].strip(), refusal


def test_names_that_two_bodies_share_are_refused_at_the_second(load):
    document = json.loads(TEXTS["stacking2"])
    for list_of, other in (("blocks", "tool_block_1"), ("goals", "tool_block_2")):
        broken = changed(document, (list_of, 1, "name"), other)
        path, reason = load(json.dumps(broken))
        assert path == f"{list_of}[1].name" and "taken" in reason
