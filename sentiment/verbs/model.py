"""`sentiment model`: what a bundle is."""

from __future__ import annotations

from argparse import Namespace

from sentiment.talk import Talk
from sentiment.wording import say

__all__ = ["run"]


def run(options: Namespace, talk: Talk) -> int:
    """Print what a bundle is, and its card."""
    from sentiment.model import bundle

    found = bundle.read(bundle.find(options.bundle))
    taxonomy = found.taxonomy
    for line in (
        say(talk.tongue, "model_name", name=found.name, path=found.path),
        say(talk.tongue, "model_kind", kind=found.architecture, schema=found.config["schema"]),
        say(
            talk.tongue,
            "model_taxonomy",
            version=taxonomy.version,
            topics=len(taxonomy.topics),
            drivers=len(taxonomy.drivers),
            tags=len(taxonomy.tags),
        ),
        say(talk.tongue, "model_files", files=len(found.manifest["files"]), bytes=found.size),
        say(talk.tongue, "model_digest", digest=found.digest),
        "",
        found.card,
    ):
        print(line)  # noqa: T201
    return 0
