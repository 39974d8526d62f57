from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

from sentiment.text import STEPS, prepare

PROBE = """
import sys
from sentiment.text import prepare, words
heavy = ("jieba", "opencc", "ftfy")
assert not any(name in sys.modules for name in heavy), "on import"
prepare("物流很快，质量也不错。Great value, R&amp;D!!!!!").clauses
assert not any(name in sys.modules for name in heavy), "on a simplified text"
prepare("質量很好")
assert "opencc" in sys.modules
assert "jieba" not in sys.modules
words(prepare("质量很好"))
assert "jieba" in sys.modules
"""


def test_dictionaries_load_on_first_use_and_say_nothing(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TMPDIR": str(tmp_path),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


def test_reader_damage_marks_but_does_not_hide() -> None:
    assert prepare("good", "one byte did not decode").status == "damaged"
    assert prepare("good", "one byte did not decode").damage == "one byte did not decode"
    assert prepare("", "one byte did not decode").status == "empty"
    assert prepare("muy buena", "one byte did not decode").status == "unsupported"


def test_one_lost_character_does_not_spoil_a_long_text() -> None:
    text = "The kettle boils quickly and the handle stays cool, so all is well"
    assert prepare(text + "\ufffd").status == "ok"


def test_prepared_travels_between_processes() -> None:
    prepared = prepare("業(yè)務(wù)很好，很快")
    assert prepared.clauses
    again = pickle.loads(pickle.dumps(prepared))
    assert again == prepared
    assert again.clauses == prepared.clauses
    assert again.to_original(0, 2) == prepared.to_original(0, 2)


def test_step_names_are_the_functions() -> None:
    names = [rule.name for rule in STEPS]
    assert len(set(names)) == len(names)
    assert [rule.apply.__name__ for rule in STEPS] == names
    assert all(rule.apply.__doc__ for rule in STEPS)


LONG = 100_000


PIECES = """
( < & a 好 &amp; ab abcde <b <a 但是 虽然物 @a http:// Ã© 璐ㄩ噺寰堝ソ ?蛻 👍 业(yè) 业( 6 1, 好、 -
Жд かﾞ Ａ www. 很好 fast_delivery_ and_the_food_was_ but_
"""
HOSTILE = [piece.replace("_", " ") for piece in PIECES.split()]


@pytest.mark.parametrize(
    "piece", [*HOSTILE, "e\u0301", "\u200d", "\u3000", "\ufffd", "\x00", chr(0xD800)]
)
def test_long_and_hostile_texts_are_prepared(piece: str) -> None:
    text = piece * (LONG // len(piece))
    prepared = prepare(text)
    assert prepare(prepared.text).text == prepared.text
    assert all(end - start <= 200 for start, end in prepared.clauses)
