"""What the command tells a person while it works: live on a terminal, in lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from sentiment.complaints import translate
from sentiment.wording import Tongue, say, word

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from sentiment.tables import Outcome, Table

__all__ = ["Talk"]

# In a log, one line in ten seconds shows that a job lives without burying anything else.
_SECONDS_BETWEEN_LINES = 10.0


class Talk:
    """A `sentiment.job.Watcher` for people."""

    def __init__(self, tongue: Tongue, stream: TextIO | None = None) -> None:
        self.tongue: Tongue = tongue
        self._stream = stream or sys.stderr
        self._table: Table | None = None
        self._live: tuple[Progress, TaskID] | None = None
        self._started: float | None = None
        self._last_line = 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that was opened last; of JSON this may take a pass over it."""
        return () if self._table is None else self._table.columns

    def say(self, key: str, /, **fields: object) -> None:
        """Print one sentence of `sentiment.wording`."""
        if isinstance(figure := fields.get("figure"), str):
            fields["figure"] = word(self.tongue, figure)
        if isinstance(what := fields.get("what"), tuple):
            fields["what"] = self.join([word(self.tongue, name) for name in what])
        self.line(say(self.tongue, key, **fields))

    def opened(self, table: Table) -> None:
        """Print what was found in a source before anything is done with it."""
        self._table = table
        for note in table.notes:
            self.line(note)
        if table.encoding not in (None, "utf-8", "utf-8-sig"):
            self.say("encoding_found", encoding=table.encoding)
        roles = table.roles
        found = {
            "text": [self._quoted(name, table) for name in roles.text],
            "id": [self._quoted(roles.id, table)] if roles.id else [],
            "date": [self._quoted(roles.date, table)] if roles.date else [],
            "outcome": [self._scale(roles.outcome, table)] if roles.outcome else [],
            "segments": [self._quoted(name, table) for name in roles.segments],
        }
        listed = [
            say(
                self.tongue,
                "role",
                role=word(self.tongue, f"role_{role}"),
                columns=self.join(names),
            )
            for role, names in found.items()
            if names
        ]
        self.say("roles", roles=word(self.tongue, "semicolon").join(listed))
        if roles.other_outcomes:
            others = [self._scale(other, table) for other in roles.other_outcomes]
            self.say("other_outcomes", columns=self.join(others))

    def _quoted(self, column: str, table: Table) -> str:
        # A question tells more than its code; the title of several columns tells none of them, and
        # no option takes it.
        label = table.labels.get(column)
        told = label is not None and column.isascii() and label not in _titles(table)
        return say(self.tongue, "quoted", name=label if told else column)

    def _scale(self, outcome: Outcome, table: Table) -> str:
        return say(
            self.tongue,
            "scale",
            column=self._quoted(outcome.column, table),
            kind=word(self.tongue, f"kind_{outcome.kind}"),
            minimum=outcome.minimum,
            maximum=outcome.maximum,
        )

    def error(self, message: str) -> None:
        """Print why the command stops."""
        self.say("error", message=translate(self.tongue, message))

    def line(self, text: str) -> None:
        """Print a line as it is."""
        if self._live is not None:
            self._live[0].console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def advance(self, rows: int, scored: int, total: int | None) -> None:
        """Show how far the job is; the rate is that of this run."""
        now = time.monotonic()
        if self._started is None:
            self._last_line = now
        if self._started is None or scored == 0:
            self._started = now
        rate = scored / (now - self._started) if now > self._started else 0.0
        if self._stream.isatty():
            self._show(rows, total, self._describe(rows, total, rate))
        elif now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.line(self._describe(rows, total, rate))

    def step(self, done: int, steps: int, loss: float) -> None:
        """Show how far a training is."""
        now = time.monotonic()
        if self._started is None:
            self._started = self._last_line = now
        fields: dict[str, object] = {"done": done, "steps": steps, "loss": loss}
        key = "training_step"
        if 0 < done < steps and now > self._started:
            key = "training_step_left"
            fields["left"] = _duration((now - self._started) / done * (steps - done))
        text = say(self.tongue, key, **fields)
        if self._stream.isatty():
            self._show(done, steps, text)
        elif now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.line(text)

    def rest(self) -> None:
        """Take the live line off the terminal; the next job starts counting anew."""
        if self._live is not None:
            self._live[0].stop()
        self._live = None
        self._started = None

    def _describe(self, rows: int, total: int | None, rate: float) -> str:
        if rate == 0.0:
            return say(self.tongue, "checking", rows=rows)
        if total is None or rows >= total:
            return say(self.tongue, "progress", rows=rows, rate=_rate(rate))
        left = _duration((total - rows) / rate)
        fields = {"rows": rows, "total": total, "rate": _rate(rate), "left": left}
        return say(self.tongue, "progress_left", **fields)

    def _show(self, rows: int, total: int | None, text: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        if self._live is None:
            live = Progress(
                BarColumn(bar_width=24),
                TextColumn("{task.description}", markup=False),
                console=Console(file=self._stream),
                transient=True,
            )
            live.start()
            self._live = (live, live.add_task(text, total=total))
        live, task = self._live
        total = None if total is None else max(total, rows)
        live.update(task, completed=rows, total=total, description=text)

    def join(self, words: list[str]) -> str:
        """Return the words as one list in a sentence."""
        if len(words) < 2:
            return "".join(words)
        comma, last = word(self.tongue, "comma"), word(self.tongue, "and")
        return comma.join(words[:-1]) + last + words[-1]


def _titles(table: Table) -> set[str]:
    """Return the labels that several columns have."""
    return {label for label, times in Counter(table.labels.values()).items() if times > 1}


def _rate(rate: float) -> str:
    """Return a rate as it is told; a slow one has a digit more, not to be told as none."""
    return f"{rate:,.0f}" if rate >= 9.5 else f"{rate:.2g}"


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
