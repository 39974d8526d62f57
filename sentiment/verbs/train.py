"""`sentiment train`: a model of a team's own from labelled rows, saved if it is better."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from sentiment.talk import Talk
from sentiment.verbs.labelled import refuse_tasks

__all__ = ["run"]

_INTERRUPTED = 130  # 128 + SIGINT, as for any command that Ctrl-C ended


def run(options: Namespace, talk: Talk) -> int:
    """Train, compare with the model in use, and save; exit code 3 where it is no better."""
    from sentiment.train.retrain.run import TrainOptions, kept_state, retrain

    refuse_tasks(options.labelled, options.dev)
    given = {name: getattr(options, name) for name in ("steps", "minutes", "window")}
    asked = TrainOptions(
        labelled=Path(options.labelled),
        output=Path(options.output),
        base=options.base,
        dev=Path(options.dev) if options.dev else None,
        against=options.against,
        taxonomy=Path(options.taxonomy) if options.taxonomy else None,
        text=options.text,
        seed=options.seed,
        force=options.force,
        overwrite=options.overwrite,
        device=options.device,
        settings={name: value for name, value in given.items() if value is not None},
        command=_command(options),
    )
    try:
        trained = retrain(asked, talk)
    except KeyboardInterrupt:
        if not kept_state(Path(options.output)):
            raise
        talk.rest()
        talk.say("training_kept")
        return _INTERRUPTED
    talk.rest()
    if trained.finished_before:
        talk.say("trained_before", path=asked.output)
    elif trained.bundle is not None:
        talk.say("trained", path=trained.bundle.path, name=trained.bundle.name)
    return 0


def _command(options: Namespace) -> str:
    """Return the command that does the same again."""
    words = ["sentiment", "train", options.labelled, "-o", options.output, "--base", options.base]
    for name in ("dev", "against", "taxonomy", "text", "seed", "steps", "minutes", "window"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    return shlex.join(words + ["--force"] * options.force)
