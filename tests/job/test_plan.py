from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.errors import InputError, OutputError
from sentiment.job import Errand, plan


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.jsonl", "c[1].csv", "notes.txt"):
        Path(name).touch()
    Path("more").mkdir()
    Path("more/a.csv").touch()
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("inputs", "output", "expected"),
    [
        (["a.csv"], "x.parquet", [("a.csv", "x.parquet")]),
        (["a.csv"], None, [("a.csv", "a.scored.csv")]),
        (["notes.txt"], None, [("notes.txt", "notes.scored.csv")]),
        (["b.jsonl.gz"], None, [("b.jsonl.gz", "b.scored.jsonl")]),
        (["-"], None, [("-", "-")]),
        (["-"], "x.jsonl", [("-", "x.jsonl")]),
        (["a.csv"], "-", [("a.csv", "-")]),
        (["a.csv"], "more", [("a.csv", "more/a.scored.csv")]),
        (["a.csv"], "new/", [("a.csv", "new/a.scored.csv")]),
        (["a.csv", "b.jsonl"], None, [("a.csv", "a.scored.csv"), ("b.jsonl", "b.scored.jsonl")]),
        (
            ["a.csv", "b.jsonl"],
            "new",
            [("a.csv", "new/a.scored.csv"), ("b.jsonl", "new/b.scored.jsonl")],
        ),
        (["[ab].*"], "new", [("a.csv", "new/a.scored.csv"), ("b.jsonl", "new/b.scored.jsonl")]),
        (["c[1].csv"], None, [("c[1].csv", "c[1].scored.csv")]),
        (["missing.csv"], None, [("missing.csv", "missing.scored.csv")]),
    ],
)
def test_each_input_has_its_output(
    inputs: list[str], output: str | None, expected: list[tuple[str, str]]
) -> None:
    assert plan(inputs, output) == tuple(
        Errand(source, str(Path(target)) if target != "-" else "-") for source, target in expected
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("inputs", "output", "error", "said"),
    [
        (["*.parquet"], None, InputError, "no file fits"),
        (["a.csv", "b.jsonl"], "x.csv", OutputError, "name a folder"),
        (["a.csv", "b.jsonl"], "-", OutputError, "name a folder"),
        (["a.csv", "more/a.csv"], "new", OutputError, "would both be written to"),
        (["-", "a.csv"], "new", OutputError, "stdin has no name"),
        (["a.csv", "b.jsonl"], "notes.txt", OutputError, "cannot be written"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(
    inputs: list[str], output: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        plan(inputs, output)


@pytest.mark.usefixtures("folder")
def test_a_folder_is_made_only_for_a_plan_that_works() -> None:
    with pytest.raises(OutputError):
        plan(["a.csv", "more/a.csv"], "new")
    assert not Path("new").exists()
    plan(["a.csv", "b.jsonl"], "new")
    assert Path("new").is_dir()


@pytest.mark.usefixtures("folder")
def test_the_same_command_again_does_not_take_its_outputs_for_inputs() -> None:
    first = plan(["*.csv", "a.csv"], None)
    assert [errand.source for errand in first] == ["a.csv", "c[1].csv"]
    for errand in first:
        Path(errand.output).touch()
    assert plan(["*.csv", "a.csv"], None) == first
