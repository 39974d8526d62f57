"""`sentiment label`: what to label next, and the labels read back."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import LabelError, OutputError, UserError
from sentiment.job import beside, plan
from sentiment.tables import is_scored
from sentiment.talk import Talk
from sentiment.taxonomy import Taxonomy
from sentiment.verbs.labelled import refuse_altered, refuse_tasks
from sentiment.verbs.output import check_folder, refuse_to_replace
from sentiment.verbs.score import score_one

if TYPE_CHECKING:
    from sentiment.labelling.task import Task

__all__ = ["run"]

_N = 200  # what one person labels in a day
_POOL = 20_000  # texts that are compared with one another; more would take minutes, not find more


def run(options: Namespace, talk: Talk) -> int:
    """Write texts to label, or the labels of a file that was written so."""
    from sentiment.labelling.files import is_tasks

    if is_tasks(Path(options.scored)):
        _read_back(options, talk)
    else:
        refuse_altered(options.scored)
        _write_tasks(options, talk)
    return 0


def _write_tasks(options: Namespace, talk: Talk) -> None:
    from sentiment.labelling import files, studio
    from sentiment.labelling.sample import taxonomy_of

    output = Path(options.output) if options.output else beside(options.scored, "todo", ".xlsx")
    files.check_form(output)
    check_folder(output)
    if options.random and options.known:
        raise UserError("--random draws from all texts, so --known cannot leave any out; drop one")
    scored = _scored(options, output, talk)
    taxonomy = Taxonomy.read(options.taxonomy) if options.taxonomy else taxonomy_of(scored)
    tasks = _tasks(options, scored, talk)
    _check_names(tasks, taxonomy, scored)
    content = {output: files.render(tasks, output, taxonomy, talk.tongue)}
    if output.suffix.lower() == ".json":
        interface = studio.interface(taxonomy, talk.tongue)
        content[files.interface_path(output)] = interface.encode("utf-8")
    if all(path.exists() and path.read_bytes() == data for path, data in content.items()):
        talk.say("tasks_same", path=output)
        return
    # All are looked at before one is written.
    for path in content:
        refuse_to_replace(path, overwrite=options.overwrite)
    for path, data in content.items():
        _write(path, data)
        talk.say("written_tasks" if path == output else "written_interface", path=path)


def _scored(options: Namespace, output: Path, talk: Talk) -> Path:
    """Return the scored rows; score the input first where that is still to do."""
    scored = Path(options.scored)
    if is_scored(scored):
        return scored
    (errand,) = plan([options.scored], str(output.parent))
    score_one(options, options.scored, errand.output, talk)
    return Path(errand.output)


def _tasks(options: Namespace, scored: Path, talk: Talk) -> list[Task]:
    from sentiment.labelling.choice import choose
    from sentiment.labelling.sample import draw, read_run
    from sentiment.labelling.task import Task
    from sentiment.train.rows.labelled import read_labelled_file

    n = options.n or _N
    refuse_tasks(*options.known)
    known = [
        one.text
        for path in options.known
        for one in read_labelled_file(Path(path), language=talk.tongue)
    ]
    rows = read_run(scored, next(iter(options.text), None))
    pool, texts = draw(rows, n if options.random else max(_POOL, n), options.seed)
    if not pool:
        raise LabelError(f"{scored} holds no text that says anything; there is nothing to label")
    source = scored.name.removesuffix(scored.suffix).removesuffix(".scored")
    if options.random:
        talk.say("drawn", n=len(pool), texts=texts)
        return [Task.of(analysis, source, "random") for analysis in pool]
    chosen = choose(pool, n, known)
    key = "chosen" if len(pool) == texts else "chosen_of_pool"
    talk.say(key, n=len(chosen), pool=len(pool), texts=texts)
    return [Task.of(pool[at], source, "chosen") for at in chosen]


def _check_names(tasks: list[Task], taxonomy: Taxonomy, scored: Path) -> None:
    named = {opinion.driver for task in tasks for opinion in task.opinions}
    named |= {tag.tag for task in tasks for tag in task.tags}
    if unknown := sorted(named - taxonomy.drivers.keys() - taxonomy.tags.keys()):
        raise UserError(
            f"{scored} was scored with another taxonomy: {', '.join(unknown)} are not known; name "
            "its file with --taxonomy"
        )


def _read_back(options: Namespace, talk: Talk) -> None:
    from sentiment.labelling.files import labelled_lines, read_labels

    path = Path(options.scored)
    if options.n or options.random or options.known:
        raise UserError(
            f"{path} holds texts that were chosen already; to read its labels back drop -n, "
            "--random and --known, to choose others name the scored file"
        )
    name = str(path.with_name(path.name.replace(".todo.", ".", 1)))
    output = Path(options.output) if options.output else beside(name, "labelled", ".jsonl")
    if output.suffix.lower() not in (".jsonl", ".ndjson"):
        raise OutputError(f"{output}: labels are written as .jsonl; end the name in it")
    check_folder(output)
    labelled = read_labels(path, _taxonomy(options), talk.tongue)
    counts = Counter(one.state for one in labelled)
    if not counts["done"]:
        raise LabelError(
            f"{path}: none of its texts ({len(labelled)}) is labelled yet: choose yes in the column "
            "done of a workbook, submit the tasks in Label Studio, fill in the labels of JSON lines"
        )
    data = labelled_lines(labelled)
    if not (output.exists() and output.read_bytes() == data):
        refuse_to_replace(output, overwrite=options.overwrite)
        _write(output, data)
    talk.say(
        "labelled_counts",
        n=len(labelled),
        done=counts["done"],
        skipped=counts["skipped"],
        open=counts["open"],
    )
    if several := sum(1 for one in labelled if one.passed_over):
        talk.say("several_annotations", n=several)
    drawn = any(one.origin.get("sampling") == "random" for one in labelled)
    if drawn and counts["done"] < len(labelled):
        talk.say("sample_unfinished")
    talk.say("written_labelled", path=output)


def _taxonomy(options: Namespace) -> Taxonomy:
    """Return the taxonomy that was named, by a file or by the model that was trained with it."""
    if options.taxonomy:
        return Taxonomy.read(options.taxonomy)
    if options.model:
        from sentiment.model import bundle

        return bundle.read(bundle.find(options.model)).taxonomy
    return Taxonomy.default()


def _write(path: Path, data: bytes) -> None:
    from sentiment.job.store import write_whole

    try:
        write_whole(path, data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error
