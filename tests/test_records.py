from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from sentiment.records import POLARITIES, SENTIMENTS, Analysis, Opinion, Tag
from sentiment.tables import open_writer

anything = st.text(st.characters(exclude_categories=()), max_size=8) | st.text(
    'a,;"\\\r\n\t|好', max_size=8
)
numbers = st.floats(0, 1) | st.sampled_from([0, 1, -0.0, 5e-5, 0.99996])
opinions = st.builds(
    Opinion,
    anything,
    anything,
    st.sampled_from(POLARITIES),
    numbers,
    anything,
    st.integers(0),
    st.integers(0),
)
tags = st.builds(
    Tag, anything, st.sampled_from(POLARITIES), numbers, anything, st.integers(0), st.integers(0)
)
analyses = st.builds(
    Analysis,
    row=st.integers(1), id=st.none() | anything, question=st.none() | anything, text=anything,
    language=st.just("zh"), status=st.just("ok"), sentiment=st.sampled_from([None, *SENTIMENTS]),
    score=st.none() | st.floats(-1, 1), confidence=st.none() | numbers,
    probabilities=st.none() | st.fixed_dictionaries(dict.fromkeys(SENTIMENTS, numbers)),
    topics=st.dictionaries(anything, st.sampled_from(["absent", "mixed"]), max_size=2),
    opinions=st.lists(opinions, max_size=2).map(tuple), tags=st.lists(tags, max_size=2).map(tuple),
    truncated=st.booleans(), model=anything,
    columns=st.dictionaries(anything, st.none() | anything, max_size=2),
)  # fmt: skip


@given(analyses)
def test_a_record_is_the_json_of_its_data(analysis: Analysis) -> None:
    assert analysis.to_json() == json.dumps(analysis.to_dict(), ensure_ascii=False)
    for found in (*analysis.opinions, *analysis.tags):
        assert found.to_json() == json.dumps(found.to_dict(), ensure_ascii=False)


@given(st.lists(analyses, max_size=2), st.sampled_from([("csv", ","), ("tsv", "\t")]))
def test_rows_are_quoted_as_the_csv_module_does(
    some: list[Analysis], given: tuple[str, str]
) -> None:
    columns = tuple(dict.fromkeys(name for analysis in some for name in analysis.columns))
    name, delimiter = given
    writer = open_writer(name, columns, ("quality",))
    expected = io.StringIO(newline="")
    csv.writer(expected, delimiter=delimiter).writerows(
        zip(*writer.layout.columns_of(some), strict=True)
    )
    assert writer.part(some) == expected.getvalue().encode("utf-8", "xmlcharrefreplace")
