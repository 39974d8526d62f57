from __future__ import annotations

import re
from pathlib import Path

import pytest

from sentiment.errors import TaxonomyError
from sentiment.tables import Layout
from sentiment.taxonomy import TAKEN, Taxonomy


def write(folder: Path, text: str) -> Path:
    path = folder / "taxonomy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_has_four_topics_and_22_drivers_in_both_languages() -> None:
    taxonomy = Taxonomy.default()
    counts = {topic: len(taxonomy.drivers_of(topic)) for topic in taxonomy.topics}
    assert counts == {"quality": 6, "price": 4, "service": 7, "delivery": 5}
    assert list(taxonomy.tags) == [
        "brand", "trust", "environment", "attachment", "social", "expectation",
        "repurchase", "recommend", "churn", "suggestion",
    ]  # fmt: skip
    for entry in (*taxonomy.topics.values(), *taxonomy.drivers.values(), *taxonomy.tags.values()):
        assert all((entry.zh, entry.en, entry.definition_zh, entry.definition_en)), entry.name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry.zh + entry.definition_zh)
        assert entry.en.isascii()


def test_general_drivers_and_prices_force_no_servqual_dimension() -> None:
    drivers = Taxonomy.default().drivers
    unmapped = {name for name, driver in drivers.items() if not driver.servqual}
    general = {name for name in drivers if name.endswith(".general")}
    assert unmapped == general | {"price.level", "price.value", "price.promotion"}


def test_plain_data_and_back() -> None:
    taxonomy = Taxonomy.default()
    assert Taxonomy.from_dict(taxonomy.to_dict()) == taxonomy


def test_a_file_extends_the_default(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        extends = "default"
        [topics.safety]
        zh = "安全"
        [drivers."safety.seatbelt"]
        zh = "安全带"
        en = "seat belt"
        phrases = ["安全带坏了", "no seat belt"]
        [drivers."price.value"]
        en = "bang for the buck"
        zh = "值不值"
        """,
    )
    taxonomy = Taxonomy.read(path)
    assert len(taxonomy.drivers) == 23
    assert taxonomy.drivers["safety.seatbelt"].topic == "safety"
    assert taxonomy.drivers["safety.seatbelt"].phrases == ("安全带坏了", "no seat belt")
    assert taxonomy.topics["safety"].en == "安全", "one language stands in for the other"
    assert taxonomy.drivers["price.value"].en == "bang for the buck"
    assert taxonomy.version != Taxonomy.default().version


def test_a_file_replaces_the_default(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'version = "3"\n[topics.food]\nen = "food"\n[drivers."food.taste"]\nen = "taste"\n',
    )
    taxonomy = Taxonomy.read(path)
    assert (taxonomy.version, list(taxonomy.topics), list(taxonomy.drivers)) == (
        "3",
        ["food"],
        ["food.taste"],
    )
    assert not taxonomy.tags


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[topics.food", "not valid TOML"),
        ('extends = "mine"', 'only "default" can be extended'),
        ("[colours.red]", "unknown table"),
        ('[topics.a]\nen="a"\n[drivers."b.c"]\nen="c"', "no topic 'b'"),
        ('[topics.a]\nen="a"\n[drivers.taste]\nen="c"', "TOPIC.NAME"),
        ('[topics.a]\nen="a"\n[drivers.a.c]\nen="c"', "quote the driver's name"),
        ('[topics.a]\nen="a"\n[drivers."a.c"]\nen="c"\nservqual=["luck"]', "none of tangibles"),
        ('[topics.a]\nen="a"\n[drivers."a.c"]\nen=3', "en must be a text"),
        ('[topics.a]\nen="a"\n[drivers."a.c"]\ncolor="x"', "unknown field 'color'"),
        ('[topics.a]\nen="a"\n[drivers."a.c"]\nlayer="soul"', "none of material"),
        ('[topics.a]\nen="a"\n[drivers."a.c;d"]\nen="x"', "separator"),
        ('[topics.a]\nen="a"', "no drivers"),
    ],
)
def test_what_contradicts_itself_is_refused_in_a_sentence(
    tmp_path: Path, text: str, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(TaxonomyError) as caught:
        Taxonomy.read(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_names_that_are_taken_are_those_of_the_columns_that_scoring_adds() -> None:
    assert Layout((), (), questions=True).added == TAKEN


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("extends", ["", 'extends = "default"\n'])
def test_a_topic_named_like_a_column_is_refused(tmp_path: Path, extends: str, name: str) -> None:
    text = f'[topics.{name}]\nen = "own"\n[drivers."{name}.part"]\nen = "part"\n'
    path = write(tmp_path, extends + text)
    said = f"topics.{name} has the name of a column that scoring adds; choose another one than"
    with pytest.raises(TaxonomyError, match=re.escape(f"{path}: {said} question, sentiment,")):
        Taxonomy.read(path)


def test_a_driver_or_a_tag_may_be_named_like_a_column(tmp_path: Path) -> None:
    text = '[topics.a]\nen = "a"\n[drivers."a.status"]\nen = "b"\n[tags.status]\nen = "c"\n'
    assert list(Taxonomy.read(write(tmp_path, text)).tags) == ["status"]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="cannot be read"):
        Taxonomy.read(tmp_path / "none.toml")
