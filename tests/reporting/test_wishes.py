"""What a caller asks of a report in Python: each wrong wish is one sentence, before a row is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment.cli import main
from sentiment.errors import ColumnError, InputError, LabelError, TaxonomyError
from sentiment.records import Analysis
from sentiment.reporting.build import Report, report
from sentiment.taxonomy import Taxonomy
from tests.reporting.rows import STARS, analyses
from tests.reporting.test_formats import write

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"seed": -1}, "seed a whole number from 0 on, not -1"),
    ({"seed": 1.5}, "seed a whole number from 0 on, not 1.5"),
    ({"seed": None}, "seed a whole number"),
    ({"by": 5}, "by the name of a column, or a list of such names, not 5"),
    ({"by": ["渠道", 5]}, "by the name of a column, or a list of such names, not 5"),
    ({"by": b"x"}, "by the name of a column"),
    ({"by": {"渠道": 1}}, "by the name of a column"),
    ({"text": 5}, "text the name of a column"),
    ({"date": 5}, "date the name of a column, not 5"),
    ({"id": ["x"]}, "id the name of a column, not ['x']"),
    ({"accuracy": 5}, "accuracy F1 from 0 to 1 by topic and language"),
    ({"accuracy": {"price": 0.7}}, "accuracy F1 from 0 to 1 by topic and language"),
    ({"accuracy": {"price": {"zh": "high"}}}, "accuracy F1 from 0 to 1"),
    ({"accuracy": {"price": {"zh": 71}}}, "accuracy F1 from 0 to 1"),
    ({"outcome": 5}, "outcome the name of a column, or a mapping with its scale, not 5"),
    ({"outcome": {}}, "An outcome needs column, kind, minimum and maximum"),
    ({"outcome": STARS | {"kind": "smiles"}}, "kind is one of stars, nps"),
    ({"outcome": STARS | {"minimum": 5}}, "the minimum the smaller one; they are 5 and 5"),
    ({"outcome": STARS | {"minimum": "1"}}, "minimum and maximum are numbers"),
    ({"outcome": STARS | {"column": 5}}, "the name of a column, not 5"),
    ({"outcome": STARS | {"high_is_good": "yes"}}, "high_is_good True or False, not 'yes'"),
    ({"outcome": STARS | {"wording": "junk"}}, "wording is one that this project found"),
    ({"target": "x"}, "target a number from 0 to 100, not 'x'"),
    ({"target": 101}, "target a number from 0 to 100, not 101"),
    ({"target": float("nan")}, "target a number from 0 to 100, not nan"),
    ({"target": True}, "target a number from 0 to 100, not True"),
    ({"bootstrap": 20.5}, "bootstrap a whole number from 1 on, not 20.5"),
    ({"bootstrap": 0}, "bootstrap a whole number from 1 on, not 0"),
    ({"bootstrap": True}, "bootstrap a whole number from 1 on, not True"),
    ({"taxonomy": 5}, "taxonomy the path of a file, or a Taxonomy, not 5"),
    ({"title": 5}, "title a text, not 5"),
    ({"layers": "no"}, "layers True or False, not 'no'"),
]


@pytest.mark.parametrize(("wish", "said"), WRONG, ids=[str(wish) for wish, _ in WRONG])
def test_a_wrong_wish_is_refused_before_a_row_is_read(wish: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        report("no such file.csv", **wish)


@pytest.mark.parametrize("labels", [5, [5]])
def test_labels_that_are_no_rows_are_told(labels: Any) -> None:
    with pytest.raises(LabelError, match="a labelled row is a mapping, not 5"):
        report(analyses(60), labels=labels, bootstrap=20)


def test_lines_of_labels_that_are_no_objects_are_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("5\n", encoding="utf-8")
    with pytest.raises(LabelError, match="a line is no object"):
        report(analyses(60), labels=path, bootstrap=20)


def test_numbers_of_numpy_are_numbers() -> None:
    made = report(
        analyses(60),
        seed=np.int64(3),  # type: ignore[arg-type]
        bootstrap=np.int32(20),  # type: ignore[arg-type]
        target=np.float32(50),  # type: ignore[arg-type]
    )
    assert made.source["seed"] == 3


OWN = """
extends = "default"
version = "7"
[topics.delivery]
zh = "到货"
en = "arrival"
"""


def test_a_taxonomy_is_taken_as_a_path(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    rows = analyses(120)
    for given in (str(path), path, Taxonomy.read(path)):
        made = report(rows, taxonomy=given, bootstrap=20)
        assert made.source["taxonomy"] == "7"
        names = {row["code"]: str(row["name"]) for row in made["topics"].rows("topics")}
        assert "arrival" in names["delivery"]
    with pytest.raises(TaxonomyError, match="cannot be read"):
        report(rows, taxonomy=tmp_path / "none.toml")


def _segments(made: Report) -> list[Any]:
    blocks: list[Any] = made.to_dict()["blocks"]
    return [block for block in blocks if block["key"] == "segments"]


def test_a_segment_named_twice_counts_once(tmp_path: Path) -> None:
    rows = analyses(260)
    path = write(rows, tmp_path / "scored.csv")
    once = report(path, by="渠道", bootstrap=20)
    twice = report(path, by=["渠道", "渠道"], bootstrap=20)
    assert twice.source["roles"]["by"] == ["渠道"]
    assert _segments(twice) == _segments(once) != []
    made = tmp_path / "made.json"
    assert main(["report", str(path), "-o", str(made), "--by", "渠道", "--by", "渠道"]) == 0


def test_a_summary_that_names_a_segment_twice_is_read(tmp_path: Path) -> None:
    from tests.reporting.test_formats import ROLES

    roles = ROLES | {"segments": ["渠道", "渠道"]}
    path = write(analyses(60), tmp_path / "scored.csv", roles=roles)
    assert report(path, bootstrap=20).source["roles"]["by"] == ["渠道"]


def test_rows_without_their_text_are_told(tmp_path: Path) -> None:
    rows = [Analysis.from_dict(row.to_dict() | {"columns": {}}) for row in analyses(20)]
    path = write(rows, tmp_path / "scored.csv")
    path.with_name("scored.csv.summary.json").unlink()
    with pytest.raises(ColumnError, match="has no columns but those that scoring added"):
        report(path)


def test_a_wrong_way_of_saving_is_told(tmp_path: Path) -> None:
    made = report(analyses(20), bootstrap=20)
    wrong: Any = 5
    with pytest.raises(InputError, match="saved to a path, not to 5"):
        made.save(wrong)
    for language in ("fr", None):
        wrong = language
        with pytest.raises(InputError, match="in zh or en, not in"):
            made.save(tmp_path / "made.html", language=wrong)
        with pytest.raises(InputError, match="in zh or en, not in"):
            made.to_html(wrong)
