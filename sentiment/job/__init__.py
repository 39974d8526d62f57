"""A resumable scoring job: `score(source, output, options)`."""

from __future__ import annotations

from sentiment.job.chunks import CHUNK_ROWS, PART_ROWS
from sentiment.job.destination import rejects_path, summary_path
from sentiment.job.options import JobOptions, Summary
from sentiment.job.plan import Errand, beside, plan
from sentiment.job.pool import WorkerError
from sentiment.job.run import Interrupted, score
from sentiment.job.watch import Silent, Watcher

__all__ = [
    "CHUNK_ROWS",
    "PART_ROWS",
    "Errand",
    "Interrupted",
    "JobOptions",
    "Silent",
    "Summary",
    "Watcher",
    "WorkerError",
    "beside",
    "plan",
    "rejects_path",
    "score",
    "summary_path",
]
