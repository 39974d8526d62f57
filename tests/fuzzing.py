"""What must hold for any input at all: the checks that `make fuzz` and the kept cases share.

Each takes bytes and raises AssertionError, or whatever breaks, when the input is not answered as it
must be. Cases that fuzzing found lie in tests/fuzzed, named CHECK-WHAT, and run with the tests.
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sentiment.analyzer import Analyzer, load
from sentiment.errors import UserError
from sentiment.job import JobOptions, score
from sentiment.records import STATUSES, Analysis, Opinion, Tag
from sentiment.tables import ReadOptions, Reject, SourceRow, open_table, read_scored
from sentiment.tables.table import open_source
from sentiment.text import prepare, words
from sentiment.text.segment import CONTENT

__all__ = ["CASES", "CHECKS", "seeds"]

CASES = Path(__file__).parent / "fuzzed"
TINY = Path(__file__).parent / "models" / "tiny"

# Of processor time, so that a busy machine makes no hang.
_SECONDS_A_ROW = 5.0

# A file with a head that leaves no doubt about its columns, so that every row of the tail counts.
_CSV_HEAD = "id,review,stars\n" + "".join(
    f"A{i},the parcel came in time {i},{i % 5 + 1}\n" for i in range(25)
)
_JSON_HEAD = "".join(
    f'{{"id": "A{i}", "review": "包装很好，送得也快 {i}", "stars": {i % 5 + 1}}}\n'
    for i in range(25)
)
_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".json", ".xlsx", ".parquet", ".csv.gz")
_FORMATS = ("csv", "jsonl", "parquet", "xlsx")


@contextmanager
def _in_time(rows: int = 1) -> Iterator[None]:
    started = time.process_time()
    yield
    taken = time.process_time() - started
    assert taken < _SECONDS_A_ROW * max(rows, 1), f"{rows} rows took {taken:.1f} s"


@contextmanager
def _file(content: bytes, suffix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sentiment-fuzz-") as folder:
        path = Path(folder) / f"input{suffix}"
        path.write_bytes(content)
        yield path


def _text(data: bytes) -> str:
    """Return any text there is, lone surrogates included."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


@cache
def _analyzer() -> Analyzer:
    return load(TINY)


def check_text(data: bytes) -> None:
    """Normalising and segmenting: nothing lost, every piece on its way back to the original."""
    text = _text(data)
    with _in_time():
        prepared = prepare(text)
        assert prepared.status in STATUSES
        assert len(prepared.folded) == len(prepared.text)
        assert prepare(prepared.text).text == prepared.text, "preparing again changes the text"
        prepared.text.encode()
        for spans in (prepared.clauses, prepared.sentences):
            done = 0
            for start, end in spans:
                assert done <= start < end <= len(prepared.text)
                assert not CONTENT.search(prepared.text[done:start]), "content between clauses"
                done = end
            assert not CONTENT.search(prepared.text[done:]), "content after the last clause"
        last = (0, 0)
        for place in range(min(len(prepared.text), 2000)):
            span = prepared.to_original(place, place + 1)
            assert last[0] <= span[0] <= span[1] <= len(text)
            assert last[1] <= span[1]
            last = span
        for token in words(prepared):
            assert text[token.start : token.end] == token.text


def check_scoring(data: bytes) -> None:
    """Scoring: a whole record whose evidence is the user's own words."""
    text = _text(data)
    with _in_time():
        analysis = _analyzer().analyze(text)
    # Half a character is none that a file could hold.
    assert analysis.text == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    _check_analysis(analysis)
    with _in_time():
        _analyzer().explain(text).lines("zh")


def _check_analysis(analysis: Analysis) -> None:
    assert analysis.status in STATUSES
    scored = analysis.status in ("ok", "damaged")
    assert (analysis.sentiment is not None) == scored
    assert (analysis.probabilities is not None) == scored
    if analysis.probabilities is not None:
        assert abs(sum(analysis.probabilities.values()) - 1) < 1e-3
        assert all(0 <= value <= 1 for value in analysis.probabilities.values())
    _check_findings(analysis)


def _check_findings(analysis: Analysis) -> None:
    every: tuple[Opinion | Tag, ...] = (*analysis.opinions, *analysis.tags)
    for found in every:
        assert found.evidence == analysis.text[found.start : found.end]
        assert found.evidence.strip(), "blank evidence"
        assert 0 <= found.confidence <= 1


def check_reading(data: bytes) -> None:
    """Reading any bytes under any name: rows numbered from 1, or one sentence why not."""
    if not data:
        return
    kind, content = data[0] % (len(_SUFFIXES) + 1), data[1:]
    suffix = ".xlsx" if kind == len(_SUFFIXES) else _SUFFIXES[kind]
    if kind == len(_SUFFIXES):
        content = _workbook(content)
    with _file(content, suffix) as path:
        try:
            with _in_time(content.count(b"\n")):
                source = open_source(path)
                rows = list(source.rows())
            names = set(source.columns)
            _check_rows(rows, names)
            table = open_table(path)
            for row in rows[:50]:
                if isinstance(row, SourceRow):
                    table.feedback(row)
        except UserError as refused:
            sentence = str(refused)
            if len(sentence) < 10:
                raise AssertionError(f"refused without a sentence: {sentence!r}") from refused


def _check_rows(rows: list[SourceRow | Reject], names: set[str]) -> None:
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        if isinstance(row, SourceRow):
            assert set(row.cells) <= names
            for cell in row.cells.values():
                if cell is not None:
                    cell.encode()


def _workbook(sheet: bytes) -> bytes:
    """Return a workbook that is sound but for its one sheet."""
    import io

    import openpyxl

    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    changed = io.BytesIO()
    with zipfile.ZipFile(made) as archive, zipfile.ZipFile(changed, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, sheet if name.endswith("sheet1.xml") else archive.read(name))
    return changed.getvalue()


def check_tail(data: bytes) -> None:
    """Dirt behind a clean head of CSV or JSON lines: every letter of it comes out."""
    if not data:
        return
    head, suffix = ((_CSV_HEAD, ".csv"), (_JSON_HEAD, ".jsonl"))[data[0] % 2]
    content = head.encode() + data[1:]
    with _file(content, suffix) as path:
        try:
            with _in_time(1 + content.count(b"\n")):
                source = open_source(path)
                rows = list(source.rows())
        except UserError as refused:
            assert "binary data" in str(refused), refused  # noqa: PT017 - the one good reason
            return
        _check_rows(rows, set(source.columns))
    assert len(rows) >= 25
    if suffix == ".csv" and source.encoding == "utf-8":
        _check_letters(content.removeprefix(b"id,review,stars\n"), rows)


def _check_letters(content: bytes, rows: list[SourceRow | Reject]) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    written: Counter[str] = Counter(letter for letter in text if letter.isalnum())
    read: Counter[str] = Counter()
    for row in rows:
        assert isinstance(row, SourceRow), "a CSV record was rejected"
        for cell in row.cells.values():
            read.update(cell or "")
    lost = {letter: n for letter, n in written.items() if read[letter] < n}
    assert not lost, f"letters lost: {lost}"


def check_job(data: bytes) -> None:
    """A whole job on dirt: every row comes out, in every format, and the counts add up."""
    if not data:
        return
    head, suffix = ((_CSV_HEAD, ".csv"), (_JSON_HEAD, ".jsonl"))[data[0] % 2]
    kind = _FORMATS[data[0] // 2 % len(_FORMATS)]
    with _file(head.encode() + data[1:], suffix) as path:
        out = path.with_name(f"output.{kind}")
        read = ReadOptions(text=("review",), id="id")
        try:
            table = open_table(path, read)
        except UserError as refused:
            assert "binary data" in str(refused), refused  # noqa: PT017 - the one good reason
            return
        rows = list(table.rows())
        with _in_time(len(rows)):
            summary = score(
                path, out, JobOptions(workers=1, read=read), load=lambda model, device: _analyzer()
            )
        assert summary.rows == len(rows)
        sources = [row for row in rows if isinstance(row, SourceRow)]
        scored = list(read_scored(out, text="review", id="id"))
        assert len(scored) == len(sources)
        names = () if kind == "jsonl" else table.columns
        # A heading that is empty is told by its place when the output is read again.
        again = tuple(name or f"column_{at}" for at, name in enumerate(names, start=1))
        for row, analysis in zip(sources, scored, strict=True):
            cells = _plain(row.cells, names, kind)
            expected = dict(zip(again or cells, cells.values(), strict=True))
            assert _plain(analysis.columns, again, kind) == expected
            _check_findings(analysis)


def _plain(
    cells: Mapping[str, str | None], names: tuple[str, ...], kind: str
) -> dict[str, str | None]:
    """Return cells as the format can hold them: CSV has no null, no format has absent cells."""
    named = {name: cells.get(name) for name in names} if names else dict(cells)
    return {name: cell or None for name, cell in named.items()} if kind != "jsonl" else named


CHECKS: Mapping[str, Callable[[bytes], None]] = {
    "text": check_text,
    "scoring": check_scoring,
    "reading": check_reading,
    "tail": check_tail,
    "job": check_job,
}


def seeds(check: str) -> list[bytes]:
    """Return inputs to start from: small, and of every kind that the check knows."""
    texts = [
        "物流很快，但是质量太差。", "業(yè)務(wù)很好，(CRM)也行", "Great phone!!! &amp;&#8203;<br>",
        "璐ㄩ噺寰堝ソ", "Ã©tÃ© â€™ å¥½", "?蛻艋 ??蛻魸M", "👍👍 ❤️ 666 10/10", "Ａ１２ ﬁ 𝓐 e\u0301",
        "\ud83d\ude00", "https://a.b/c @you www.x.com", "哈" * 50, "_x000D_\x00\x1a\x85",
    ]  # fmt: skip
    if check in ("text", "scoring"):
        return [text.encode("utf-8", "surrogatepass") for text in texts]
    rows = [
        'X1,"never closed,3\nX2,fine,4\n', 'X1,"a ""b"" c",3\r\nX2,"d\ne",1', "X1,a,b,c,4\nX2\n,,\n",
        "id,review,stars\nX9,\0nul,1\n", '"""";"\'\n', "X1,他说\"好\",3\n",
    ]  # fmt: skip
    lines = [
        '{"id": "X", "review": "好", "stars": 1}\n{"review": "说到',
        '[1, 2]\nrubbish\n{"a": {"b": [1.50]}}',
        '{\n "review": "一"\n}\n{"review": "\\ud83d"}',
    ]  # fmt: skip
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr"><is><t>评论</t></is></c></row><row><c><f>1+1</f></c><c><v>2</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>'  # noqa: E501
    if check in ("tail", "job"):
        found = [bytes([2 * at]) + row.encode() for at, row in enumerate(rows)]
        return found + [bytes([2 * at + 1]) + line.encode() for at, line in enumerate(lines)]
    whole = [_CSV_HEAD + row for row in rows] + [_JSON_HEAD + line for line in lines] + lines
    kinds = [0] * len(rows) + [3] * (2 * len(lines))
    found = [bytes([kind]) + text.encode() for kind, text in zip(kinds, whole, strict=True)]
    found += [b"\0" + (_CSV_HEAD + rows[0]).encode(name) for name in ("utf-16", "gb18030")]
    return [*found, bytes([len(_SUFFIXES)]) + sheet.encode()]
