"""The search for cycles is put off while texts are scored, and is what it was afterwards."""

import gc
from collections.abc import Iterator

import pytest

from sentiment.analyzer import Analyzer
from sentiment.cycles import seldom_searched
from sentiment.text import Prepared, prepare


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("given", [(700, 10, 10), (100_000, 5, 5)])
def test_it_is_put_off_within(given: tuple[int, int, int]) -> None:
    gc.set_threshold(*given)
    seen = []

    def broken() -> None:
        with seldom_searched():
            seen.append(gc.get_threshold())
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert seen == [(max(given[0], 50_000), *given[1:])]
    assert gc.get_threshold() == given


def test_who_has_switched_it_off_keeps_it_off() -> None:
    gc.set_threshold(0, 10, 10)
    with seldom_searched():
        assert gc.get_threshold()[0] == 0


def test_the_last_to_leave_puts_it_back() -> None:
    gc.set_threshold(700, 10, 10)
    one, other = seldom_searched(), seldom_searched()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] == 50_000
    other.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)


def test_it_is_put_off_for_texts_in_memory(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.set_threshold(700, 10, 10)
    seen = []

    def watched(text: str, damage: str | None = None) -> Prepared:
        seen.append(gc.get_threshold()[0])
        return prepare(text, damage)

    monkeypatch.setattr("sentiment.analyzer.prepare", watched)
    analyzer.analyze_batch(["good", "bad"])
    assert seen == [50_000] * 2
    assert gc.get_threshold() == (700, 10, 10)
