"""The command line: its verbs, their options and their help, in both languages."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from sentiment.errors import UserError
from sentiment.help import folded, formatter
from sentiment.wording import Tongue, word

__all__ = ["FILE", "VERBS", "Parser", "build_parser", "parse", "tongue_of"]

VERBS = ("score", "report", "explain", "train", "evaluate", "label", "model")
FILE = "file"
"""The verb that is left out: ``sentiment reviews.csv``."""

_WIDTH = 80  # columns of a description
_KINDS = ("stars", "nps", "csat", "ces", "pmf", "rating")
_USUAL = {"stars": "1-5", "nps": "0-10", "csat": "1-5", "pmf": "1-3"}


def tongue_of(arguments: Sequence[str]) -> Tongue:
    """Return the language to talk in: the one asked for, else that of the locale.

    Looked up before the arguments are parsed, so that a complaint about them is in it too.
    """
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--language":
            value = value or next(iter(arguments[place + 1 :]), "")
            if value in ("zh", "en"):
                return "zh" if value == "zh" else "en"
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next(filter(None, map(os.environ.get, names)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def parse(arguments: Sequence[str], tongue: Tongue) -> argparse.Namespace:
    """Return the options of one command line; `verb` says which verb, None that it is no work.

    :raises UserError: The command line is not as it must be.
    """
    given = _language_last(arguments)
    if given and given[0] not in (*VERBS, "-h", "--help", "--version"):
        if not given[0].startswith("-"):
            _must_be_file(given[0])
        given.insert(0, FILE)
    options, unknown = build_parser(tongue).parse_known_args(given)
    if unknown:
        program = "sentiment" if given[0] == FILE else f"sentiment {given[0]}"
        raise UserError(f"there is no option {unknown[0]}; see {program} --help")
    return options


def _language_last(arguments: Sequence[str]) -> list[str]:
    """Put --language behind what it comes before: a verb, a file, or --help and --version."""
    given = list(arguments)
    size = 2 if given[:1] == ["--language"] else 1
    leading = bool(given) and given[0].partition("=")[0] == "--language"
    return given[size:] + given[:size] if leading and len(given) > size else given


def _must_be_file(argument: str) -> None:
    """Tell a mistyped verb from a file before anything else is complained about."""
    if Path(argument).suffix or os.sep in argument or Path(argument).exists():
        return
    close = difflib.get_close_matches(argument, VERBS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"the verbs are {', '.join(VERBS)}"
    raise UserError(f"{argument} is neither a verb nor a file; {hint}")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others, not a page of usage and an exit."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as one sentence."""
        raise UserError(f"{message}; see {self.prog} --help")


class _Builder:
    """Adds arguments to one parser, their help in one language."""

    def __init__(self, parser: Parser, tongue: Tongue) -> None:
        self._parser = parser
        self._tongue = tongue
        self._positional = parser.add_argument_group(word(tongue, "positional"))
        self._optional = parser.add_argument_group(word(tongue, "optional"))
        self.option("-h", "--help", key="arg_help", action="help")

    def positional(self, name: str, key: str, **more: Any) -> None:
        self._positional.add_argument(name, help=word(self._tongue, key), **more)

    def option(self, *names: str, key: str, **more: Any) -> None:
        self._optional.add_argument(*names, help=word(self._tongue, key), **more)

    def defaults(self, **values: Any) -> None:
        self._parser.set_defaults(**values)

    def language(self) -> None:
        self.option("--language", key="arg_language", choices=("zh", "en"), default=self._tongue)

    def model(self) -> None:
        self.option("--model", key="arg_model")
        self.option("--taxonomy", key="arg_taxonomy", metavar="FILE")
        self.device()
        self.option("--speed", key="arg_speed", choices=("full", "fast"), default="full")

    def device(self) -> None:
        self.option("--device", key="arg_device", choices=("auto", "cpu", "cuda"), default="auto")

    def roles(self) -> None:
        self.option("--text", key="arg_text", action="append", default=[], metavar="COLUMN")
        self.option("--id", key="arg_id", metavar="COLUMN")
        self.option("--date", key="arg_date", metavar="COLUMN")
        self.option("--outcome", key="arg_outcome", metavar="COLUMN")
        self.option("--by", key="arg_by", action="append", default=[], metavar="COLUMN")

    def reading(self) -> None:
        self.option("--input-encoding", key="arg_input_encoding", metavar="NAME")
        self.option("--delimiter", key="arg_delimiter", metavar="CHARACTER")
        self.option("--sheet", key="arg_sheet", metavar="NAME")

    def job(self) -> None:
        self.option("--encoding", key="arg_encoding", metavar="NAME")
        self.option("--workers", key="arg_workers", type=_positive, metavar="N")
        self.option("--overwrite", key="arg_overwrite", action="store_true")
        self.option("--restart", key="arg_restart", action="store_true")

    def all_of_a_job(self) -> None:
        self.roles()
        self.model()
        self.language()
        self.reading()
        self.job()


def build_parser(tongue: Tongue) -> Parser:
    """Return the parser of the whole command line, its help in the language."""
    program = Parser(
        prog="sentiment", usage=word(tongue, "usage_program"), **_settings(tongue, "program")
    )
    top = _Builder(program, tongue)
    top.language()
    top.option("--version", key="arg_version", action="store_true")
    program.set_defaults(verb=None)
    verbs = program.add_subparsers(
        title=word(tongue, "verbs"), dest="verb", prog="sentiment", parser_class=Parser
    )

    def add(verb: str) -> _Builder:
        settings = _settings(tongue, verb)
        if verb == FILE:
            settings["prog"] = "sentiment"
        else:  # FILE has no line in the list of verbs: nobody is to type it
            settings["help"] = word(tongue, f"help_{verb}_short")
        return _Builder(verbs.add_parser(verb, **settings), tongue)

    score = add("score")
    score.positional("inputs", "arg_inputs", nargs="+", metavar="INPUT")
    score.option("-o", "--output", key="arg_output", metavar="OUTPUT")
    score.all_of_a_job()
    score.option("--engine", key="arg_engine", choices=("local", "ray"), default="local")
    score.option("--address", key="arg_address", metavar="HOST:PORT")

    report = add("report")
    report.positional("scored", "arg_scored", metavar="SCORED")
    report.option("-o", "--output", key="arg_report_output", metavar="OUTPUT")
    report.option("--compare", key="arg_compare", metavar="SCORED")
    report.option("--labels", key="arg_labels", metavar="FILE")
    report.option("--scale", key="arg_scale", type=_scale, metavar="KIND:MIN-MAX")
    report.option("--title", key="arg_title", metavar="TEXT")
    report.option("--target", key="arg_target", type=_points, metavar="0-100")
    report.option("--no-layers", key="arg_no_layers", dest="layers", action="store_false")
    report.option("--seed", key="arg_seed", type=_positive, metavar="N")
    report.all_of_a_job()

    explain = add("explain")
    explain.positional("text", "arg_explained", metavar="TEXT")
    explain.model()
    explain.language()

    train = add("train")
    train.positional("labelled", "arg_train_labelled", metavar="LABELLED")
    train.option("-o", "--output", key="arg_train_output", required=True, metavar="FOLDER")
    train.option("--base", key="arg_base", default="lite", metavar="MODEL")
    train.option("--dev", key="arg_dev", metavar="FILE")
    train.option("--against", key="arg_against", metavar="MODEL")
    train.option("--taxonomy", key="arg_train_taxonomy", metavar="FILE")
    train.option("--text", key="arg_train_text", metavar="COLUMN")
    train.option("--seed", key="arg_train_seed", type=_from_zero, default=0, metavar="N")
    train.option("--force", key="arg_force", action="store_true")
    train.option("--overwrite", key="arg_overwrite", action="store_true")
    train.option("--steps", key="arg_steps", type=_positive, metavar="N")
    train.option("--minutes", key="arg_minutes", type=_positive, metavar="N")
    train.option("--window", key="arg_window", type=_positive, metavar="N")
    train.device()
    train.language()

    evaluate = add("evaluate")
    evaluate.positional("models", "arg_models", nargs="+", metavar="MODEL")
    evaluate.positional("labelled", "arg_labelled", metavar="LABELLED")
    evaluate.option("-o", "--output", key="arg_evaluate_output", metavar="OUTPUT")
    evaluate.option("--text", key="arg_train_text", metavar="COLUMN")
    evaluate.option("--at-least", key="arg_at_least", action="append", default=[], **_LIMIT)
    evaluate.option("--at-most", key="arg_at_most", action="append", default=[], **_LIMIT)
    evaluate.option("--json", key="arg_json", action="store_true")
    evaluate.option("--overwrite", key="arg_overwrite", action="store_true")
    evaluate.device()
    evaluate.language()

    label = add("label")
    label.positional("scored", "arg_label_input", metavar="FILE")
    label.option("-n", key="arg_label_n", type=_positive, metavar="N")
    label.option("-o", "--output", key="arg_label_output", metavar="OUTPUT")
    label.option("--random", key="arg_label_random", action="store_true")
    label.option("--seed", key="arg_label_seed", type=_positive, metavar="N", default=1)
    label.option("--known", key="arg_label_known", action="append", default=[], metavar="LABELLED")
    label.all_of_a_job()

    model = add("model")
    model.positional("bundle", "arg_bundle", metavar="MODEL")
    model.language()

    file = add(FILE)
    file.positional("inputs", "arg_files", nargs="+", metavar="FILE")
    file.all_of_a_job()
    file.defaults(compare=None, labels=None, scale=None, title=None, target=None, layers=True)
    file.defaults(seed=None)
    return program


def _settings(tongue: Tongue, name: str) -> dict[str, Any]:
    return {
        "description": "\n".join(folded(tongue, word(tongue, f"help_{name}"), _WIDTH)),
        "epilog": word(tongue, f"help_{name}_epilog"),
        "formatter_class": formatter(tongue),
        "add_help": False,
        "allow_abbrev": False,
    }


def _limit(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        equals = ""
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FIGURE=NUMBER")
    if not 0 <= number <= 1:  # nor a NaN, which nothing is below or above
        raise argparse.ArgumentTypeError(f"{text!r} does not name a number from 0 to 1")
    return name, number


_LIMIT: dict[str, Any] = {"type": _limit, "metavar": "FIGURE=NUMBER"}


def _scale(text: str) -> dict[str, Any]:
    """Read what an outcome is: "nps", "csat:1-7", "ces:1-7:high"."""
    kind, _, rest = text.partition(":")
    ends, _, good = rest.partition(":")
    low, _, high = (ends or _USUAL.get(kind, "")).partition("-")
    try:
        minimum, maximum = float(low), float(high)
    except ValueError:
        minimum = maximum = 0.0
    wanted = {"high": True, "low": False, "": None if kind == "ces" else True}
    if kind not in _KINDS or minimum >= maximum or good not in wanted:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form KIND:MIN-MAX or KIND:MIN-MAX:high (or :low for the good "
            f"end), KIND being {', '.join(_KINDS)}"
        )
    if kind == "ces" and not good:
        raise argparse.ArgumentTypeError(
            f"{text!r} does not say which end of an effort score is good; add :high or :low"
        )
    return {"kind": kind, "minimum": minimum, "maximum": maximum, "high_is_good": wanted[good]}


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = -1.0
    if not 0 <= points <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return points


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number


def _from_zero(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return int(text)
