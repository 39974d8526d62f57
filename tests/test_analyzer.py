from __future__ import annotations

import gc
import json
import multiprocessing
import pickle
import shutil
import threading
import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sentiment
from sentiment.analyzer import Analyzer
from sentiment.errors import InputError, ModelError
from sentiment.model.bundle import bundled
from sentiment.model.protocol import Finding, Prediction, Reason
from sentiment.records import SENTIMENTS, Analysis, Feedback, Opinion, Tag, topic_states
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare

SAMPLE = Path(__file__).parents[1] / "data" / "sample_labels.jsonl"
REAL = [json.loads(line)["text"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
ODD = (
    *("", " ", "无", "N/A", "。。。", "666", "10/10", "👍👍", "此用户没有填写评价", "!?!?", "\n\n"),
    *("Le produit est très bon", "とても良かった", "Очень плохо", "좋아요"),
    *(
        "&lt;b&gt;质量&nbsp;好&lt;/b&gt;",
        "å¾ˆå¥½ï¼Œè´¨é‡å·®",
        "质量\u200b很\u200b差",
        "好" * 60,
        "哈" * 99,
    ),
    *(
        "\ud83d\udc4d 质量差",
        "\udcff bad",
        "\x00bad\x00",
        "İİ bad",
        "ﬁne bad",
        "ＢＡＤ　ｑｕａｌｉｔｙ",
    ),
    *("\U00020000质量很差", "e\u0301t bad battery", "質量很差，物流卻很快", "bad\r\nquality\rslow"),
    "the battery does not last as long as the box had said",
    "客服态度特别好发货也特别快但是质量真的太差了用了两天就坏了再也不会来买了大家千万别买",
    "W" * 90,
    "very very very very very very very very very very very bad quality",
)
words = st.sampled_from(
    [
        "质量",
        "很差",
        "不",
        "好",
        "物流",
        "快",
        "battery",
        "bad",
        "not",
        "late",
        "，",
        "。",
        ", ",
        " ",
        "!",
    ]
)
texts = (
    st.sampled_from(REAL)
    | st.sampled_from(ODD)
    | st.lists(words, max_size=30).map("".join)
    | st.text(st.characters(), max_size=60)  # surrogates among them
)
anything = (
    texts
    | st.none()
    | st.integers()
    | st.floats()
    | st.binary(max_size=20)
    | st.sampled_from([pd.NA, pd.NaT, np.nan, np.float32("nan"), np.int64(3), np.str_("bad")])
    | texts.map(lambda text: text.encode("utf-8", "replace"))
    | st.builds(Feedback, text=texts, row=st.integers(1, 9), id=st.none() | st.just("A-1"))
)


def written(text: str) -> str:
    """Return a text as a file has it, without lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def holds(analysis: Analysis, text: str) -> None:
    """Check everything that a record promises."""
    text = written(text)
    assert analysis.text == text
    assert analysis.to_json().encode()
    assert tuple(analysis.topics) == ("quality", "price", "service", "delivery")
    assert analysis.topics == topic_states(analysis.opinions, analysis.topics)
    scored = analysis.status in ("ok", "damaged")
    assert (analysis.status == "unsupported") <= (analysis.language == "other")
    found: tuple[Opinion | Tag, ...] = (*analysis.opinions, *analysis.tags)
    if not scored:
        assert analysis.sentiment is None
        assert analysis.score is None
        assert analysis.confidence is None
        assert analysis.probabilities is None
        assert found == ()
    else:
        probabilities = analysis.probabilities
        assert probabilities is not None
        assert analysis.score is not None
        assert analysis.sentiment is not None
        assert tuple(probabilities) == SENTIMENTS
        for value in probabilities.values():
            assert 0 <= value <= 1
            assert value == round(value, 4)
        assert sum(round(value * 10_000) for value in probabilities.values()) == 10_000
        assert analysis.confidence == probabilities[analysis.sentiment]
        assert analysis.confidence == max(probabilities.values())
        assert analysis.score == round(probabilities["positive"] - probabilities["negative"], 4)
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.evidence == text[one.start : one.end]
        assert one.evidence.strip()
        assert 0 <= one.confidence <= 1
        assert one.confidence == round(one.confidence, 4)
        ready = prepare(text)
        squeezed = {step.name for step in ready.steps} & {"repeats", "whitespace"}
        if squeezed and len(text.strip()) > max(40, 2 * len(ready.text)):
            assert one.evidence.strip() != text.strip()
    names = [(one.driver, one.polarity) for one in analysis.opinions]
    names += [(one.tag, one.polarity) for one in analysis.tags]
    assert len(set(names)) == len(names)
    assert all(one.driver.startswith(f"{one.topic}.") for one in analysis.opinions)
    assert [one.start for one in analysis.opinions] == sorted(o.start for o in analysis.opinions)
    data = analysis.to_dict()
    assert Analysis.from_dict(data) == analysis
    if json.loads(json.dumps(text)) == text:  # escaped, two lone surrogates become one character
        assert Analysis.from_dict(json.loads(json.dumps(data))) == analysis
    assert Analysis.from_dict(json.loads(analysis.to_json())) == analysis


@given(text=texts)
@example(text="the battery does not last as long as the box had said")
def test_a_record_keeps_its_promises(analyzer: Analyzer, text: str) -> None:
    holds(analyzer.analyze(text), text)


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_keeps_the_promises(analyzer: Analyzer, text: str) -> None:
    holds(analyzer.analyze(text), text)


def test_the_sample_keeps_the_promises(analyzer: Analyzer) -> None:
    analyses = analyzer.analyze_batch(REAL)
    for analysis, text in zip(analyses, REAL, strict=True):
        holds(analysis, text)
    found = [one for analysis in analyses for one in (*analysis.opinions, *analysis.tags)]
    assert len(found) > len(REAL)  # what is held above is held of something


def test_the_bundled_model_keeps_the_promises(lite: Analyzer) -> None:
    for analysis, text in zip(lite.analyze_batch([*REAL, *ODD]), [*REAL, *ODD], strict=True):
        holds(analysis, text)
        assert analysis.model.startswith("lite@")


def test_the_bundled_model_reads_the_examples(lite: Analyzer) -> None:
    analysis = lite.analyze("物流很快，但是质量太差。")
    assert analysis.topics["delivery"] == "positive"
    assert analysis.topics["quality"] == "negative"
    assert lite.analyze("Arrived two weeks late and nobody answered.").sentiment == "negative"


@given(mixture=st.lists(anything, max_size=12))
def test_rows_out_are_rows_in(analyzer: Analyzer, mixture: list[Any]) -> None:
    analyses = analyzer.analyze_batch(mixture)
    assert len(analyses) == len(mixture)
    assert list(analyzer.stream(mixture)) == analyses
    for row, (given_, analysis) in enumerate(zip(mixture, analyses, strict=True), start=1):
        if isinstance(given_, Feedback):
            assert (analysis.row, analysis.id, analysis.text) == (
                given_.row,
                given_.id,
                written(given_.text),
            )
        else:
            assert analysis.row == row
        if isinstance(given_, str):
            assert analysis.text == written(given_)
        assert type(analysis.text) is str


@given(some=st.lists(texts, max_size=12), data=st.data())
def test_a_text_alone_is_the_text_in_any_batch(
    analyzer: Analyzer, some: list[str], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(some))))
    feedback = [Feedback(text, row=1) for text in some]
    together = analyzer.analyze_batch(feedback)
    turned = analyzer.analyze_batch([feedback[at] for at in order])
    for place, at in enumerate(order):
        assert analyzer.analyze(some[at]) == together[at] == turned[place]


def raw(model: Any, texts: list[str]) -> list[bytes]:
    """Everything a model says of some texts, to the last bit."""
    from sentiment.text import prepare

    return [
        repr((p.probabilities, p.findings)).encode()
        for p in model.predict([prepare(text) for text in texts])
    ]


def test_batches_change_no_bit(analyzer: Analyzer) -> None:
    some = [*REAL, *ODD, "质量很差。" * 30_000]
    alone = [raw(analyzer._model, [text])[0] for text in some]
    assert raw(analyzer._model, some) == alone
    assert raw(analyzer._model, some[::-1]) == alone[::-1]


def test_batches_change_no_bit_of_the_bundled_model(lite: Analyzer) -> None:
    alone = [raw(lite._model, [text])[0] for text in REAL]
    assert raw(lite._model, REAL) == alone
    assert raw(lite._model, REAL[::-1]) == alone[::-1]


@pytest.mark.parametrize(
    "text",
    ["好" * 100_000, "bad " * 25_000, "物流快，质量差。" * 12_500, "x" * 100_000, "👎" * 100_000],
)
def test_a_text_of_a_hundred_thousand_characters(analyzer: Analyzer, text: str) -> None:
    holds(analyzer.analyze(text), text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        *((None, ""), (float("nan"), ""), (pd.NA, ""), (pd.NaT, ""), (np.datetime64("NaT"), "")),
        *(
            (Decimal("NaN"), ""),
            (7, "7"),
            (4.5, "4.5"),
            (np.int64(7), "7"),
            (Decimal("1.50"), "1.50"),
        ),
        *(
            (b"bad quality", "bad quality"),
            ("质量差".encode(), "质量差"),
            (b"\xef\xbb\xbfbad", "bad"),
        ),
        (np.str_("bad"), "bad"),
    ],
)
def test_what_stands_for_a_text_is_read_as_one(analyzer: Analyzer, text: object, read: str) -> None:
    analysis = analyzer.analyze(text)
    assert analysis == analyzer.analyze(read)
    assert type(analysis.text) is str
    assert analysis.status == (
        "ok" if read in ("bad quality", "质量差", "bad") else analysis.status
    )
    if not read:
        assert analysis.status == "empty"


def test_bytes_that_are_no_text_are_scored_and_marked(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze("质量很差，别买".encode() + b"\xff")
    assert analysis.status == "damaged"
    assert analysis.sentiment is not None


@pytest.mark.parametrize(
    "text",
    [
        *([], ["bad"], ("bad",), {"text": "bad"}, {"bad"}, object(), True, 1j, bytearray(b"bad")),
        *(pd.Series(["bad"]), np.array([]), np.array([1.0]), np.array(["a", "b"]), np.bool_(True)),
    ],
)
def test_what_is_no_text_is_told(analyzer: Analyzer, text: object) -> None:
    with pytest.raises(InputError, match=r"Text 1 is a \w+; give a string .*analyze_batch"):
        analyzer.analyze(text)
    with pytest.raises(InputError, match=r"Text 2 is a \w+; give a string"):
        analyzer.analyze_batch(["fine", text])
    with pytest.raises(InputError, match="Text 300 is a"):
        list(analyzer.stream(["fine"] * 299 + [text]))


def test_feedback_without_text_is_told(analyzer: Analyzer) -> None:
    nothing: Any = None
    with pytest.raises(InputError, match="The text of row 9 is a NoneType"):
        analyzer.analyze(Feedback(nothing, row=9))


@pytest.mark.parametrize(
    ("some", "told"),
    [
        *(("质量很差", "use analyze, or a list"), (b"bad", "use analyze, or a list")),
        *((Feedback("bad"), "use analyze, or a list"), ({"a": "bad"}, "do not come as a dict")),
        (pd.DataFrame({"a": ["bad"]}), "use frame for a DataFrame"),
        *((None, "do not come as a NoneType"), (7, "do not come as a int")),
        (np.array("bad"), "do not come as a ndarray"),
    ],
)
def test_what_is_not_several_texts_is_told(analyzer: Analyzer, some: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        analyzer.analyze_batch(some)
    with pytest.raises(InputError, match=told):
        list(analyzer.stream(some))


def test_any_iterable_will_do(analyzer: Analyzer) -> None:
    some = ["bad quality", "很好"]
    expected = analyzer.analyze_batch(some)
    for form in (tuple(some), iter(some), pd.Series(some), np.array(some), np.array(some, object)):
        assert analyzer.analyze_batch(form) == expected
    assert analyzer.analyze_batch([]) == []


def test_feedback_carries_its_source_through(analyzer: Analyzer) -> None:
    source = Feedback("bad", 7, "A-7", "why?", {"stars": "1", "note": None}, damage="cut off")
    analysis = analyzer.analyze(source)
    assert (analysis.row, analysis.id, analysis.question) == (7, "A-7", "why?")
    assert analysis.columns == {"stars": "1", "note": None}
    assert analysis.status == "damaged"


def test_rows_count_where_none_is_given(analyzer: Analyzer) -> None:
    some = [Feedback("a"), Feedback("b"), "c", Feedback("d", row=9), Feedback("e")]
    assert [one.row for one in analyzer.analyze_batch(some)] == [1, 2, 3, 9, 5]
    assert [one.row for one in analyzer.stream(some * 99)][-2:] == [9, 495]
    assert analyzer.analyze(Feedback("a")).row == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"id": 5}, "The id of row 1 is a int; give a string"),
        ({"question": 5, "row": 7}, "The question of row 7 is a int; give a string"),
        ({"row": "first"}, "The row of text 1 is a str; give a number"),
    ],
)
def test_what_could_not_be_written_is_told(
    analyzer: Analyzer, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        analyzer.analyze(Feedback("bad", **wrong))


def test_what_comes_beside_a_text_can_be_written(analyzer: Analyzer) -> None:
    number: Any = np.int64(7)
    item = Feedback(
        "bad quality",
        row=number,
        id="a\ud800",
        question="q\udfff",
        columns={"c\ud800": "\udc00", "d": None},
    )
    record = json.loads(analyzer.analyze(item).to_json().encode("utf-8"))
    assert (record["row"], record["id"], record["question"]) == (7, "a\ufffd", "q\ufffd")
    assert "\ufffd" in json.dumps(record, ensure_ascii=False)
    for odd in (None, ["a"], {"d": Decimal(3)}):
        columns: Any = odd
        with pytest.raises(InputError, match=r"columns"):
            analyzer.analyze(Feedback("bad quality", columns=columns))
    plain = Feedback("bad quality", row=3, id="é", columns={"面": "好"})
    assert analyzer.analyze(plain).columns is plain.columns


def test_half_a_character_is_a_lost_one(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze("\ud800 bad quality")
    assert json.loads(analysis.to_json().encode())["text"] == "\ufffd bad quality"
    assert analyzer.analyze(Feedback("\ud83d\udc4d bad")).text == "👍 bad"


def test_a_stream_is_lazy_and_endless(analyzer: Analyzer) -> None:
    read: list[int] = []

    def endless() -> Iterator[str]:
        for number in count():
            read.append(number)
            yield f"bad quality, number {number}"

    stream = analyzer.stream(endless())
    assert read == []
    first = list(islice(stream, 600))
    assert [analysis.row for analysis in first] == list(range(1, 601))
    assert len(read) <= 600 + 512
    assert len(first) == 600


class Source:
    """An iterator that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> str:
        return "bad"

    def close(self) -> None:
        self.closed += 1


def test_a_closed_stream_closes_and_frees_its_source(analyzer: Analyzer) -> None:
    source = Source()
    alive = weakref.ref(source)
    stream = analyzer.stream(source)
    next(stream)
    assert source.closed == 0
    stream.close()  # type: ignore[attr-defined]
    assert source.closed == 1
    del source
    gc.collect()
    assert alive() is None
    with pytest.raises(StopIteration):
        next(stream)


def test_a_stream_closed_before_it_began_frees_its_source(analyzer: Analyzer) -> None:
    source = Source()
    alive = weakref.ref(source)
    stream = analyzer.stream(source)
    stream.close()  # type: ignore[attr-defined]
    del source
    gc.collect()
    assert alive() is None


def test_an_error_in_the_source_comes_through_and_closes_it(analyzer: Analyzer) -> None:
    ended: list[str] = []

    def failing() -> Iterator[str]:
        try:
            yield "bad"
            raise OSError("the disk went away")
        finally:
            ended.append("closed")

    stream = analyzer.stream(failing())
    assert next(stream).text == "bad"  # what was read before the error is not lost
    with pytest.raises(OSError, match="the disk went away"):
        next(stream)
    assert ended == ["closed"]


def test_eight_threads_give_the_same(analyzer: Analyzer, tiny: Path) -> None:
    some = [*REAL, *ODD]
    expected = analyzer.analyze_batch(some)
    fresh = sentiment.load(tiny)
    begin = threading.Barrier(8)

    def work(_: int) -> list[Analysis]:
        begin.wait()
        return fresh.analyze_batch(some)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [expected] * 8


def test_spawned_workers_give_the_same(
    analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = REAL[:60]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        futures = [pool.submit(analyzer.analyze_batch, some) for _ in range(2)]
        results = [future.result(timeout=120) for future in futures]
    assert results == [analyzer.analyze_batch(some)] * 2


def test_a_pickled_analyzer_is_the_same(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    analyzer = sentiment.load(tiny.name)
    expected = analyzer.analyze_batch(REAL[:40])
    packed = pickle.dumps(analyzer)
    assert len(packed) < 1000
    monkeypatch.chdir(tmp_path)
    again = pickle.loads(packed)
    assert again.analyze_batch(REAL[:40]) == expected
    assert repr(again) == repr(analyzer) == "Analyzer('tiny@1.0.0')"
    assert again.model_digest == analyzer.model_digest
    assert pickle.loads(pickle.dumps(expected)) == expected


def test_a_model_that_was_changed_meanwhile_is_told(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "copy"))
    packed = pickle.dumps(sentiment.load(folder))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="another model than when the analyzer was pickled"):
        pickle.loads(packed)


class Sure:
    """A model that is in no folder and finds one thing: the whole text is bad."""

    name = "sure@1"
    device = "cpu"
    digest = "d"
    taxonomy = Taxonomy.default()
    accuracy: Mapping[str, Mapping[str, float]] = {}

    def __init__(self, probabilities: tuple[float, float, float, float]) -> None:
        self.probabilities = probabilities

    def predict(self, batch: Any) -> list[Prediction]:
        return [
            Prediction(
                self.probabilities,
                (Finding("quality.general", "negative", 0.123456, 0, len(one.text)),),
            )
            for one in batch
        ]

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        return []


def test_an_analyzer_of_a_model_without_a_folder_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="is in no folder"):
        pickle.dumps(Analyzer(Sure((0.25, 0.25, 0.25, 0.25))))


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.01))
def test_rounded_probabilities_sum_to_one(some: list[float]) -> None:
    one, two, three, four = (value / sum(some) for value in some)
    text = "bad"
    holds(Analyzer(Sure((one, two, three, four))).analyze(text), text)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("好" * 60, "好" * 40),
        ("W" * 90, "W" * 40),
        ("  质量太差了" + "哈" * 90, "质量太差了"),
        ("bad quality s" + "o" * 90 + " bad", "bad quality"),
        ("bad, s" + "o" * 90 + " bad, slow", "bad"),
    ],
)
def test_of_what_was_squeezed_the_evidence_ends_at_a_border(text: str, evidence: str) -> None:
    analysis = Analyzer(Sure((0.7, 0.1, 0.1, 0.1))).analyze(text)
    holds(analysis, text)
    assert analysis.opinions[0].evidence == evidence


@pytest.mark.parametrize(
    "text",
    [
        "Terribly slow service and unfriendly waiters every single time",
        "Terribly slow service &amp; unfriendly waiters every single time",
        "物流慢得离谱而且包装破破烂烂客服态度还特别差根本没有人理会我们反映过好几次都没有给答复",
        'slow <span style="color: rgb(12, 34, 56); font-size: 14px">service',
    ],
)
def test_what_a_model_gives_as_evidence_is_not_cut(text: str) -> None:
    analysis = Analyzer(Sure((0.7, 0.1, 0.1, 0.1))).analyze(text)
    holds(analysis, text)
    assert analysis.opinions[0].evidence == text


def test_a_short_text_may_be_its_own_evidence() -> None:
    analysis = Analyzer(Sure((0.7, 0.1, 0.1, 0.1))).analyze("质量太差")
    assert analysis.opinions[0].evidence == "质量太差"
    assert analysis.opinions[0].confidence == 0.1235


def test_what_is_no_model_and_no_taxonomy_is_told(tiny: Path) -> None:
    wrong: Any = 5
    with pytest.raises(InputError, match="a file's path or a Taxonomy, not a int"):
        sentiment.load(tiny, taxonomy=wrong)
    name: Any = "lite"
    with pytest.raises(InputError, match=r"made by load: sentiment\.load\('lite'\)"):
        Analyzer(name)


def test_a_taxonomy_of_ones_own_renames_and_leaves_out(tmp_path: Path) -> None:
    text = "物流很快，但是质量太差，再也不来了。"
    path = tmp_path / "mine.toml"
    path.write_text(
        'version = "own"\n[topics.delivery]\nen = "shipping"\n'
        '[drivers."delivery.speed"]\nen = "how fast"\n[topics.safety]\nen = "safety"\n'
        '[drivers."safety.belt"]\nen = "belt"\n',
        encoding="utf-8",
    )
    full, own = sentiment.load("lite"), sentiment.load("lite", taxonomy=path)
    assert {opinion.topic for opinion in full.analyze(text).opinions} == {"delivery", "quality"}
    assert full.analyze(text).tags
    found = own.analyze(text)
    assert dict(found.topics) == {"delivery": "positive", "safety": "absent"}
    assert [opinion.driver for opinion in found.opinions] == ["delivery.speed"]
    assert not found.tags
    assert own.taxonomy.drivers["delivery.speed"].en == "how fast"
    again = pickle.loads(pickle.dumps(own))
    assert again.analyze(text) == found


def test_a_taxonomy_that_extends_adds_a_topic(tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text(
        'extends = "default"\n[topics.safety]\nzh = "安全"\n[drivers."safety.belt"]\nzh = "安全带"\n',
        encoding="utf-8",
    )
    found = sentiment.load("lite", taxonomy=path).analyze("物流很快")
    assert list(found.topics) == ["quality", "price", "service", "delivery", "safety"]
    assert found.topics["safety"] == "absent"


def test_a_speed_is_full_or_fast_and_lite_has_but_one(tiny: Path) -> None:
    with pytest.raises(InputError, match="'slow' is none of full, fast"):
        sentiment.load(tiny, speed="slow")
    assert sentiment.load(tiny, speed="fast").model_digest == sentiment.load(tiny).model_digest


def test_fast_answers_for_base_and_for_no_other_transformer(tmp_path: Path) -> None:
    if not {"base", "fast"} <= set(bundled()):
        pytest.skip("base and fast are not bundled")
    quick = sentiment.load(speed="fast")
    assert quick.model_digest == sentiment.load("fast").model_digest
    assert quick.model_digest == sentiment.load("fast", speed="fast").model_digest
    assert quick.model_digest == pickle.loads(pickle.dumps(quick)).model_digest
    assert quick.taxonomy.to_dict() == sentiment.load().taxonomy.to_dict()
    own = shutil.copytree(bundled()["base"], tmp_path / "own")
    with pytest.raises(ModelError, match=r"^base@\S+ has no faster model .*--base fast"):
        sentiment.load(own, speed="fast")
