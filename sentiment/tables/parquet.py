"""Parquet, streamed in small batches; every value as the string a person would expect.

Structs become columns named by their dotted path (`review.body`), as objects inside JSON do.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from sentiment.errors import InputError
from sentiment.tables.rows import SourceRow, take_sample, unique_names

__all__ = ["ParquetSource", "spell"]

# Rows held at a time. Small, because one cell may hold megabytes.
_BATCH = 512


def spell(value: Any) -> str | None:
    """Return a typed value as a person would write it: 5 for 5.0, 3.5, ISO dates, true."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return spell_float(value)
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, dt.datetime):
        return spell_moment(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return spell_duration(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def spell_float(value: float) -> str:
    """Return a number without a fraction that says nothing, and without an exponent below 1e16."""
    if value != value:
        return "NaN"
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)


def spell_moment(value: dt.datetime) -> str:
    """Return a day where the time is midnight, else a day and a time with a space between them."""
    if value.time() == dt.time() and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def spell_duration(value: dt.timedelta) -> str:
    """Return hours, minutes and seconds, as a sheet shows them."""
    seconds = value.total_seconds()
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    whole = int(seconds)
    text = f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    fraction = round(seconds - whole, 6)
    return text if not fraction else text + f"{fraction:.6f}".rstrip("0")[1:]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool | int | float | str) or value is None:
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return spell(value)


class ParquetSource:
    """A Parquet file."""

    format = "parquet"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    notes: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}

    def __init__(self, path: Path | str, opener: Callable[[], Any] | None = None) -> None:
        """Open a file of this machine, or what `opener` opens wherever it is.

        :param path: The file's name, for what is said of it.
        :param opener: Returns a readable file with `seek`, at its first byte.
        """
        self._path = path
        self._opener = opener
        with self._open() as file:
            names = [name for field in file.schema_arrow for name in _names(field, "")]
            self.columns = tuple(unique_names(names))
            self.count: int = file.metadata.num_rows
            """Rows in the file."""

    def _open(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self._opener() if self._opener else self._path)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{self._path} is not a readable Parquet file ({_first_line(error)});"
                " export it again"
            ) from None

    @cached_property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
        return take_sample(self.rows())

    def rows(self, start: int = 0) -> Iterator[SourceRow]:
        """Yield the rows after the first `start`; whole row groups before it are not read."""
        import pyarrow as pa

        with self._open() as file:
            groups, number = _groups_from(file.metadata, start)
            try:
                for batch in file.iter_batches(batch_size=_BATCH, row_groups=groups):
                    if number + len(batch) <= start:  # not worth a string each
                        number += len(batch)
                        continue
                    damage: dict[int, str] = {}
                    leaves = [leaf for column in batch.columns for leaf in _leaves(column)]
                    columns = [_spelled(column, damage) for column in leaves]
                    for place, cells in enumerate(zip(*columns, strict=True)):
                        number += 1
                        if number > start:
                            named = dict(zip(self.columns, cells, strict=True))
                            yield SourceRow(number, named, damage.get(place))
            except (pa.ArrowException, OSError) as error:
                raise InputError(
                    f"{self._path} cannot be read on after row {number} ({_first_line(error)});"
                    " export it again"
                ) from None


def _names(field: Any, prefix: str) -> list[str]:
    """Return the column of a field; of a struct one for each value in it, by its dotted path."""
    path = prefix + field.name
    if not _is_nested(field.type):
        return [path]
    return [name for inner in field.type for name in _names(inner, f"{path}.")]


def _leaves(column: Any) -> list[Any]:
    """Return the cells of `_names`, in its order: null where a struct around them is."""
    if not _is_nested(column.type):
        return [column]
    return [leaf for inner in column.flatten() for leaf in _leaves(inner)]


def _is_nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind)) and kind.num_fields > 0


def _groups_from(metadata: Any, start: int) -> tuple[list[int], int]:
    skipped = 0
    for group in range(metadata.num_row_groups):
        size = metadata.row_group(group).num_rows
        if skipped + size > start:
            return list(range(group, metadata.num_row_groups)), skipped
        skipped += size
    return [], skipped


def _spelled(column: Any, damage: dict[int, str]) -> list[str | None]:
    """Return a column's cells; `damage` takes the places of those that are not UTF-8."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Python has no nanoseconds; pandas would be asked for otherwise.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:
        # Nobody checks on writing that a string column holds UTF-8.
        values = [spell(value) for value in column.cast(pa.large_binary()).to_pylist()]
        for place, value in enumerate(values):
            if value and "\ufffd" in value:
                damage[place] = "undecodable characters"
    except (OverflowError, ValueError):
        if not pa.types.is_temporal(kind):
            raise
        # A day that Python's calendar does not reach; a moment stays the number that it is kept as.
        values = column.cast(pa.string() if pa.types.is_date(kind) else pa.int64()).to_pylist()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values  # type: ignore[no-any-return]
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        # 0.1 kept in 32 bits is 0.1 to the person who wrote it, not 0.10000000149.
        return [None if v is None else spell_float(float(str(_single(v)))) for v in values]
    return [spell(value) for value in values]


def _single(value: float) -> Any:
    import numpy as np

    return np.float32(value)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
