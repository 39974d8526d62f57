"""Which inputs a command line means, and where the output of each goes."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.errors import InputError, OutputError
from sentiment.tables import format_of

__all__ = ["Errand", "beside", "plan"]


@dataclass(frozen=True, slots=True)
class Errand:
    """One input and its output; "-" is stdin and stdout."""

    source: str
    output: str


def plan(inputs: Sequence[str], output: str | None) -> tuple[Errand, ...]:
    """Return one errand per input, patterns expanded.

    A single input goes to the file `output`, or into it where that is a folder. Several go into the
    folder `output`, which is made. Without `output`, NAME.scored.SUFFIX beside the input is
    written, and what is read from stdin goes to stdout.

    :raises InputError: A pattern fits no file.
    :raises OutputError: Several inputs and one file, or two inputs with one output.
    """
    sources = [source for given in inputs for source in _expand(given)]
    single = len(sources) == 1 and len(inputs) == 1
    if output is not None and single and not _means_folder(output):
        return (Errand(sources[0], output),)
    if output is not None:
        _check_folder(output, sources)
    errands = _without_outputs([Errand(source, _place(source, output)) for source in sources])
    _check_distinct(errands)
    if output is not None:
        try:
            Path(output).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(f"{output} cannot be written ({reason})") from error
    return errands


def beside(source: str, what: str, suffix: str) -> Path:
    """Return NAME.WHAT.SUFFIX beside the source; NAME is without an earlier ".scored"."""
    path = Path(source.removesuffix(".gz"))
    return path.with_name(f"{path.stem.removesuffix('.scored')}.{what}{suffix}")


def _expand(given: str) -> list[str]:
    # A file whose own name holds brackets is that file.
    if given == "-" or not glob.has_magic(given) or Path(given).exists():
        return [given]
    found = sorted(path for path in glob.glob(given, recursive=True) if Path(path).is_file())
    if not found:
        raise InputError(f"no file fits the pattern {given}")
    return found


def _means_folder(output: str) -> bool:
    return output != "-" and (output.endswith(("/", "\\")) or Path(output).is_dir())


def _check_folder(output: str, sources: Sequence[str]) -> None:
    if not _means_folder(output) and (output == "-" or _names_format(output)):
        raise OutputError(
            f"{len(sources)} inputs cannot go into one file, {output}; "
            "name a folder, as in -o scored/"
        )
    if "-" in sources:
        raise OutputError(
            f"stdin has no name for a file in {output}; give its output a name of its own"
        )


def _place(source: str, folder: str | None) -> str:
    if source == "-":
        return "-"
    suffix = Path(source.removesuffix(".gz")).suffix
    name = beside(source, "scored", suffix if _names_format(source.removesuffix(".gz")) else ".csv")
    return str(name if folder is None else Path(folder) / name.name)


def _names_format(path: str) -> bool:
    try:
        format_of(path)
    except OutputError:
        return False
    return True


def _without_outputs(errands: Sequence[Errand]) -> tuple[Errand, ...]:
    """Drop inputs named twice, and what another of them is scored into.

    So the same command can be given again: by then ``*.csv`` fits a.csv and a.scored.csv.
    """
    outputs = {errand.output for errand in errands if errand.output != errand.source}
    return tuple(dict.fromkeys(errand for errand in errands if errand.source not in outputs))


def _check_distinct(errands: Sequence[Errand]) -> None:
    by_output: dict[str, str] = {}
    for errand in errands:
        other = by_output.setdefault(errand.output, errand.source)
        if other != errand.source:
            raise OutputError(
                f"{other} and {errand.source} would both be written to {errand.output}; "
                "score them one by one"
            )
