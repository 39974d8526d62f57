from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment.tables import Reject, SourceRow, open_table
from sentiment.tables.scales import KINDS
from sentiment.talk import Talk
from sentiment.wording import Tongue, word


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands until the test moves it."""
    now = [100.0]
    monkeypatch.setattr("sentiment.talk.time.monotonic", lambda: now[0])
    return now


def test_elsewhere_than_on_a_terminal_a_line_comes_every_ten_seconds(clock: list[float]) -> None:
    stream = io.StringIO()
    talk = Talk("en", stream)
    for second in range(31):
        clock[0] = 100.0 + second
        talk.advance(1000 * (second + 1), 1000 * (second + 1), 61_000)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0] == "11,000 of about 61,000 rows, 1,100 rows/s, about 0:45 left"


def test_the_rate_is_that_of_this_run_alone(clock: list[float]) -> None:
    stream = io.StringIO()
    talk = Talk("zh", stream)
    for second in range(0, 11, 5):  # what an earlier run did is looked through
        clock[0] = 100.0 + second
        talk.advance(50_000 * (second + 1), 0, 1_000_000)
    for second in range(10, 31, 10):
        clock[0] = 100.0 + second
        talk.advance(550_000 + 100 * (second - 10), 100 * (second - 10), 1_000_000)
    assert stream.getvalue().splitlines() == [
        "已核对上次完成的 550,000 行，没有变化",
        "551,000 / 约 1,000,000 行，每秒 100 行，约剩 1:14:50",
        "552,000 / 约 1,000,000 行，每秒 100 行，约剩 1:14:40",
    ]


@pytest.mark.parametrize(
    ("tongue", "said"),
    [
        ("en", "8 of about 80 rows, 0.4 rows/s, about 3:00 left"),
        ("zh", "8 / 约 80 行，每秒 0.4 行，约剩 3:00"),
    ],
)
def test_a_slow_rate_is_not_told_as_none(clock: list[float], tongue: Tongue, said: str) -> None:
    stream = io.StringIO()
    talk = Talk(tongue, stream)
    talk.advance(0, 0, 80)
    clock[0] += 20
    talk.advance(8, 8, 80)
    assert stream.getvalue() == f"{said}\n"


def test_where_the_end_is_not_known_no_time_left_is_told(clock: list[float]) -> None:
    stream = io.StringIO()
    talk = Talk("en", stream)
    talk.advance(0, 1, None)
    clock[0] += 20
    talk.advance(2000, 2000, None)
    assert stream.getvalue() == "2,000 rows, 100 rows/s\n"


def test_on_a_terminal_the_line_lives_and_goes_away(clock: list[float]) -> None:
    stream = Terminal()
    talk = Talk("en", stream)
    talk.advance(100, 100, 1000)
    clock[0] += 1
    talk.advance(200, 200, 1000)
    talk.say("resumed", rows=5)
    talk.rest()
    shown = stream.getvalue()
    assert "200 of about 1,000 rows, 200 rows/s" in shown
    assert "Going on from an earlier run: 5 rows are done." in shown
    talk.say("resumed", rows=6)
    assert stream.getvalue().endswith("6 rows are done.\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words: list[str], expected: str) -> None:
    assert Talk("en").join(words) == expected


def test_what_was_found_is_told_without_a_pass_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reviews.jsonl"
    lines = (f'{{"id": "A{n}", "review": "it came late, parcel {n}"}}\n' for n in range(3000))
    path.write_text("".join([*lines, '{"late": "x"}\n']), "utf-8")
    table = open_table(path)
    passes: list[int] = []

    def counted(start: int = 0) -> Iterator[SourceRow | Reject]:
        passes.append(start)
        return iter(())

    monkeypatch.setattr(table._source, "rows", counted)
    stream = io.StringIO()
    talk = Talk("en", stream)
    assert talk.columns == ()
    talk.opened(table)
    assert "“review”" in stream.getvalue()
    assert passes == []
    monkeypatch.undo()
    assert talk.columns == ("id", "review", "late")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_every_kind_of_scale_has_a_name(tongue: Tongue, kind: str) -> None:
    assert word(tongue, f"kind_{kind}") != f"kind_{kind}"
    assert word("zh", "kind_stars") == "星级"
    assert word("zh", "kind_rating") == "评分"


def test_what_changed_is_named_in_the_language() -> None:
    stream = io.StringIO()
    Talk("zh", stream).say("changed", what=("input", "model"))
    assert stream.getvalue() == "从头开始：自上次运行以来，输入文件和模型有变化。\n"


def test_scores_under_one_title_are_told_by_their_own_names(tmp_path: Path) -> None:
    answers = [
        f"物流很快，第{place}次买了，还会再来,{place % 5 + 1},{place % 3 + 3}"
        for place in range(30)
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([",评分,", "评价内容,发货,态度", *answers, ""]), encoding="utf-8")
    stream = io.StringIO()
    Talk("zh", stream).opened(open_table(path))
    assert "“发货”" in stream.getvalue()
    assert "“态度”" in stream.getvalue()
    assert "“评分”" not in stream.getvalue()


def test_a_question_is_told_in_place_of_its_code(tmp_path: Path) -> None:
    rows = [
        f"It broke after {place} days and nobody answered me,{place % 11}" for place in range(30)
    ]
    path = tmp_path / "a.csv"
    heads = ["Q1,Q2", "What is the reason?,How likely are you to recommend us?",
             '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"']  # fmt: skip
    path.write_text("\n".join([*heads, *rows, ""]), encoding="utf-8")
    stream = io.StringIO()
    Talk("en", stream).opened(open_table(path))
    assert "“How likely are you to recommend us?”" in stream.getvalue()
