"""Labelled rows that a verb is given: what every one of them refuses in the same words."""

from __future__ import annotations

from pathlib import Path

from sentiment.errors import UserError

__all__ = ["refuse_altered", "refuse_tasks"]


def refuse_tasks(*paths: str | None) -> None:
    """Refuse texts to label where labels are asked for: what stands there is the model's own word.

    JSON lines are labels as they are: what nobody has filled in is null there.

    :raises UserError: A workbook or Label Studio tasks of `sentiment label`, or what was a workbook.
    """
    from sentiment.labelling.files import is_tasks

    for path in filter(None, paths):
        if Path(path).suffix.lower() in (".xlsx", ".json") and is_tasks(Path(path)):
            raise UserError(
                f"{path} holds texts to label; read the labels back first: "
                f"sentiment label {path} -o labelled.jsonl"
            )
        refuse_altered(path)


def refuse_altered(path: str) -> None:
    """Refuse what was a workbook of texts to label: nobody's word there is told from the model's.

    :raises UserError: It was saved in another format, or lost a column.
    """
    from sentiment.labelling.files import is_altered

    if is_altered(Path(path)):
        raise UserError(
            f"{path} was a workbook of texts to label and is saved in another format or without one "
            "of its columns: what nobody confirmed cannot be told from a label there; give the "
            "workbook itself to sentiment label"
        )
