"""The scoring job on a cluster: a folder of Parquet files, wherever it is, over Ray.

`storage` is folders of this machine, s3:// and gs:// under one set of verbs; `spans` the rows that a
worker scores at a time; `survey` what is there and how far an earlier run came; `work` what a worker
does; `kept` the finished spans of unfinished files; `engine` Ray, which nothing else knows of; `run`
the job. `folder` and `here` are the same job on this machine alone, for `--engine local`.
"""

from __future__ import annotations

from sentiment.cluster.folder import FolderSummary
from sentiment.cluster.here import score_folder_here
from sentiment.cluster.run import score_folder
from sentiment.cluster.spans import SPAN_ROWS

__all__ = ["SPAN_ROWS", "FolderSummary", "score_folder", "score_folder_here"]
