"""Runs side by side: the same answers, in threads of their own, after a fork."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import sentiment
from sentiment.model import bundle, runtime
from sentiment.model.runtime import OnnxRuntime, Runtime
from sentiment.model.transformer import TransformerModel

TEXTS = ("物流很快，包装也好", "用了两天就坏了", "The staff were rude", "good value, 但是太慢")
IDS = np.array([[1, 20, 300, 4000, 2, 0], [1, 7, 2, 0, 0, 0]], dtype=np.int64)


@pytest.fixture(scope="module")
def graph() -> Path:
    return bundle.read(bundle.find("fast")).file(bundle.GRAPH)


def test_threads_say_what_one_says(graph: Path) -> None:
    several, alone = OnnxRuntime(graph, 3), OnnxRuntime(graph, 1)
    assert (several.at_once, alone.at_once) == (3, 1)
    answers = [several.submit(IDS[:, : 3 + at % 4]) for at in range(20)]
    for at, answer in enumerate(answers):
        for found, expected in zip(answer(), alone.run(IDS[:, : 3 + at % 4]), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_model_says_the_same_with_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = []
    texts = [*TEXTS, "很好，就是慢。" * 200, ""]
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        analyzer = sentiment.load("fast", device="cpu")
        said.append([one.to_dict() for one in analyzer.analyze_batch(texts)])
    assert said[0] == said[1] == said[2]


def test_where_no_thread_can_be_had_the_caller_computes(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise RuntimeError("can't start new thread")

    several = OnnxRuntime(graph, 2)
    expected = several.run(IDS)
    monkeypatch.setattr("threading.Thread.start", refused)
    for found, wanted in zip(several.submit(IDS)(), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_was_forked_answers(graph: Path) -> None:
    several = OnnxRuntime(graph, 2)
    expected = several.submit(IDS)().overall
    child = os.fork()
    if not child:
        found = several.submit(IDS)().overall
        os._exit(0 if np.array_equal(found, expected) else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_large_graph_has_threads_for_each_run(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "_UNDIVIDED", 1000)
    divided: Runtime = OnnxRuntime(graph, 2)
    assert (divided.at_once, divided.ahead) == (1, 0)


def test_a_text_of_several_windows_is_divided_among_the_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes: list[tuple[int, ...]] = []
    run = OnnxRuntime.run
    monkeypatch.setattr(
        OnnxRuntime, "run", lambda self, ids: (shapes.append(ids.shape), run(self, ids))[1]
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    model = TransformerModel.of(bundle.read(bundle.find("fast")), "cpu")
    sentiment.Analyzer(model).analyze("东西很好，就是送得太慢了，客服也不理人。" * 60)
    assert len(shapes) > 1
    assert max(rows for rows, _ in shapes) < 4
