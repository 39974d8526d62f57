"""How a scoring job is to be done, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sentiment.job.tally import Tally
from sentiment.tables import ReadOptions

__all__ = ["JobOptions", "Summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """Options of `score`."""

    read: ReadOptions = field(default_factory=ReadOptions)
    """How to read the source and which column has which role."""
    model: str | None = None
    """Name, folder or hub id of a model; None is the bundled default."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""
    speed: str = "full"
    """"full" or "fast", as for `sentiment.load`."""
    taxonomy: str | None = None
    """A taxonomy file of the user's own; None is the model's."""
    encoding: str | None = None
    """Encoding of a CSV or TSV output; None is UTF-8 with a byte order mark."""
    workers: int | None = None
    """Processes that score; this one may be among them, and 1 is this one. None: this one for some
    thousand rows, one per core for more."""
    overwrite: bool = False
    """Replace an output that exists."""
    restart: bool = False
    """Forget the progress of an earlier run of this job."""

    @property
    def of_model(self) -> dict[str, Any]:
        """What a summary records: which model was asked for, where it was to run, and how."""
        return {"model": self.model, "device": self.device, "speed": self.speed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a scoring job did; written as OUT.summary.json."""

    input: Mapping[str, Any]
    """Path ("-" is stdin), format, encoding, delimiter and sheet of the source."""
    output: Mapping[str, Any]
    """Path ("-" is stdout), format and encoding, and what the finished file is known by."""
    roles: Mapping[str, Any]
    model: str
    taxonomy: Mapping[str, Any]
    """The whole taxonomy as plain data, its version among it: a report needs the names."""
    accuracy: Mapping[str, Mapping[str, float]]
    """F1 of the model by topic and language, for the report to say how far to trust it."""
    options: Mapping[str, Any]
    tally: Tally
    rejects: str | None
    seconds: float
    """Wall time of this run, model loading included."""
    reused: int
    """Rows of an earlier run of the same job that were not scored again."""
    finished_before: bool = False
    """The output was there already, made from the same input with the same options and model."""
    key: Mapping[str, Any] = field(default_factory=dict)
    """The `JobKey` as plain data; empty for a job that nothing can be compared with."""

    @property
    def rows(self) -> int:
        """Rows in: ok + empty + damaged + unsupported + rejected."""
        return sum(self.tally.rows.values())

    @property
    def answers(self) -> int:
        """Texts in: as many as rows that are no rejects, or more for several open questions."""
        return sum(self.tally.answers.values())

    @property
    def rate(self) -> float:
        """Rows per second of wall time in this run."""
        return (self.rows - self.reused) / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the content of OUT.summary.json."""
        statuses = ("ok", "empty", "damaged", "unsupported")
        return {
            "input": dict(self.input),
            "output": dict(self.output),
            "roles": dict(self.roles),
            "model": self.model,
            "taxonomy": dict(self.taxonomy),
            "accuracy": {topic: dict(by_language) for topic, by_language in self.accuracy.items()},
            "options": dict(self.options),
            "rows": {
                "in": self.rows,
                **{status: self.tally.rows[status] for status in (*statuses, "rejected")},
            },
            "answers": {
                "in": self.answers,
                **{status: self.tally.answers[status] for status in statuses},
            },
            "sentiments": dict(self.tally.sentiments),
            "topics": dict(self.tally.topics),
            "drivers": dict(self.tally.drivers.most_common()),
            "rejects": self.rejects,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rate, 1),
            "rows_reused": self.reused,
            "key": dict(self.key),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Summary:
        """Read a summary back, as that of a job that was finished before.

        :raises KeyError: A field is missing.
        """
        tally = Tally.from_dict(
            {
                "rows": {name: n for name, n in data["rows"].items() if n and name != "in"},
                "answers": {name: n for name, n in data["answers"].items() if n and name != "in"},
                "sentiments": data["sentiments"],
                "topics": data["topics"],
                "drivers": data["drivers"],
            }
        )
        return cls(
            input=data["input"],
            output=data["output"],
            roles=data["roles"],
            model=data["model"],
            taxonomy=data["taxonomy"],
            accuracy=data.get("accuracy", {}),
            options=data["options"],
            tally=tally,
            rejects=data["rejects"],
            seconds=data["seconds"],
            reused=data["rows_reused"],
            finished_before=True,
            key=data["key"],
        )
