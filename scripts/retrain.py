"""Retrain a model as a configuration file says: the same function as `sentiment train`.

    python scripts/retrain.py retrain.toml

The file holds the options of the command, and under [settings] those of a transformer's run (lite has
none):

    labelled = "labelled.csv"
    output = "models/mine"
    base = "base"                  # lite, a folder, an encoder of Hugging Face
    dev = "dev.csv"                # optional, as all that follows
    against = "models/mine-last-month"
    taxonomy = "own.toml"
    text = "comment"
    seed = 0
    force = false
    overwrite = true
    language = "en"                # of the talk

    [settings]
    steps = 400
    encoder_rate = 1e-4

Paths are read from the folder of the file. Exit codes are those of the command.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from sentiment.errors import InputError, SentimentError
from sentiment.talk import Talk
from sentiment.train.retrain.run import TrainOptions, retrain

_PATHS = ("labelled", "output", "dev", "taxonomy")
# Names that may be a folder beside the file, or something bundled or on a hub.
_MODELS = ("base", "against")


def main() -> int:
    """Read the file, train, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    path = parser.parse_args().config
    talk = Talk("en")
    try:
        given = _read(path)
        talk.tongue = "zh" if given.pop("language", "en") == "zh" else "en"
        trained = retrain(_options(given, path), talk)
    except SentimentError as error:
        talk.rest()
        talk.error(str(error))
        return error.exit_code
    talk.rest()
    if trained.finished_before:
        talk.say("trained_before", path=given["output"])
    elif trained.bundle is not None:
        talk.say("trained", path=trained.bundle.path, name=trained.bundle.name)
    return 0


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


def _options(given: dict[str, Any], path: Path) -> TrainOptions:
    """Return the options that a file gives.

    :raises InputError: One that there is not, or one that there must be.
    """
    known = {field.name for field in fields(TrainOptions)} - {"command"}
    if strange := sorted(set(given) - known):
        raise InputError(
            f"{path}: there is no option {strange[0]}; the options are {', '.join(sorted(known))}"
        )
    for name in ("labelled", "output"):
        if name not in given:
            raise InputError(f"{path}: the option {name} is missing")
    options = dict(given)
    for name in _PATHS:
        if options.get(name) is not None:
            options[name] = path.parent / options[name]
    for name in _MODELS:
        if options.get(name) and (path.parent / options[name]).is_dir():
            options[name] = str(path.parent / options[name])
    return TrainOptions(**options, command=f"python scripts/retrain.py {path.name}")


if __name__ == "__main__":
    sys.exit(main())
