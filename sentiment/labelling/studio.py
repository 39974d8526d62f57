"""Tasks for Label Studio: the model's findings as predictions, and the labelling interface.

A prediction is what Label Studio shows to be mended; only what a person submitted comes back as an
annotation, and only annotations are read. Offsets are code points, which is what Label Studio
stores; exports of old versions that counted UTF-16 units are told by the words beside the offsets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from sentiment.errors import InputError
from sentiment.labelling.labels import Entry, Fault, Finding, split
from sentiment.labelling.task import ORIGIN, Task
from sentiment.labelling.words import (
    definition,
    labelled_names,
    meaning,
    name_in,
    phrase,
    shown_name,
)
from sentiment.records import POLARITIES, SENTIMENTS, Opinion, Tag
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue

__all__ = ["interface", "is_studio", "read", "write"]

# One hue a topic, so that a text shows at a glance what it is about; tags are grey.
_HUES = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#edc948", "#76b7b2", "#ff9da7", "#9c755f")
_OF_TAGS = "#9b9b9b"
_CONTROLS = ("overall", "name", "polarity")  # of the interface


def write(tasks: Sequence[Task], taxonomy: Taxonomy, tongue: Tongue) -> bytes:
    """Return the tasks as Label Studio imports them."""
    plain: list[dict[str, Any]] = [
        {
            "data": {"text": task.text} | task.origin,
            "predictions": [
                {
                    "model_version": task.model or "sentiment",
                    "result": list(_suggested(task, taxonomy, tongue)),
                }
            ],
        }
        for task in tasks
    ]
    text = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8", "backslashreplace")


def _suggested(task: Task, taxonomy: Taxonomy, tongue: Tongue) -> Iterator[dict[str, Any]]:
    if task.sentiment is not None:
        yield {
            "id": "overall", "from_name": "overall", "to_name": "text", "type": "choices",
            "value": {"choices": [phrase(f"value.{task.sentiment}", tongue)]},
        }  # fmt: skip
    found: list[tuple[str, Opinion | Tag]] = [(one.driver, one) for one in task.opinions]
    found += [(one.tag, one) for one in task.tags]
    for at, (name, one) in enumerate(found, start=1):
        span: dict[str, Any] = {"start": one.start, "end": one.end, "text": one.evidence}
        # Both parts of an opinion carry one id: they are about the same words.
        common: dict[str, Any] = {"id": f"found{at}", "to_name": "text"}
        label = shown_name(name, taxonomy, tongue)
        polarity = phrase(f"value.{one.polarity}", tongue)
        yield common | {"from_name": "name", "type": "labels", "value": span | {"labels": [label]}}
        yield common | {
            "from_name": "polarity", "type": "choices", "value": span | {"choices": [polarity]},
        }  # fmt: skip


def interface(taxonomy: Taxonomy, tongue: Tongue) -> str:
    """Return the XML that Label Studio's "Labeling Interface > Code" takes."""
    hues = {topic: _HUES[at % len(_HUES)] for at, topic in enumerate(taxonomy.topics)}
    lines = ["<View>", f"  <Header value={quoteattr(phrase('heading.overall', tongue))}/>"]
    lines.append('  <Choices name="overall" toName="text" choice="single-radio" showInline="true">')
    lines += [f"    <Choice value={quoteattr(phrase(f'value.{s}', tongue))}/>" for s in SENTIMENTS]
    lines += ["  </Choices>", f"  <Header value={quoteattr(phrase('guide.marked', tongue))}/>"]
    lines.append('  <Labels name="name" toName="text">')
    for name in labelled_names(taxonomy):
        hue = hues.get(taxonomy.drivers[name].topic) if name in taxonomy.drivers else _OF_TAGS
        shown = quoteattr(shown_name(name, taxonomy, tongue))
        hint = quoteattr(definition(name, taxonomy, tongue))
        lines.append(f'    <Label value={shown} hint={hint} background="{hue}"/>')
    lines += [
        "  </Labels>",
        '  <Text name="text" value="$text"/>',
        '  <Choices name="polarity" toName="text" perRegion="true" required="true"'
        ' choice="single-radio" showInline="true">',
        *(f"    <Choice value={quoteattr(phrase(f'value.{p}', tongue))}/>" for p in POLARITIES),
        "  </Choices>",
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def is_studio(path: Path) -> bool:
    """Say whether a file comes from Label Studio: tasks, labelled or not, or an export as JSON-MIN.

    `read` refuses the latter, which says too little; any other reader would take it for feedback.
    """
    tasks = _list_in(path)
    return bool(tasks) and (all(map(_is_task, tasks)) or all(map(_is_short, tasks)))


def _list_in(path: Path) -> list[Any]:
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return []
    return tasks if isinstance(tasks, list) else []


def _is_short(task: Any) -> bool:
    return isinstance(task, dict) and task.keys() >= {"text", "annotation_id", "annotator"}


def _is_task(task: Any) -> bool:
    return (
        isinstance(task, dict)
        and isinstance(task.get("data"), dict)
        and isinstance(task["data"].get("text"), str)
        and ("annotations" in task or "predictions" in task)
    )


def read(path: Path, taxonomy: Taxonomy) -> Iterator[Entry]:
    """Yield what is labelled, task by task, of an export in the format "JSON".

    Of several annotations of a task the one marked as ground truth counts, else the latest.

    :raises InputError: The file is no export of Label Studio.
    """
    tasks = _list_in(path)
    if not tasks or not all(map(_is_task, tasks)):
        raise InputError(
            f"{path} is no export of Label Studio; choose the format JSON there (not JSON-MIN)"
        )
    for number, task in enumerate(tasks, start=1):
        yield _entry(task, task.get("id", number), taxonomy)


def _entry(task: Mapping[str, Any], at: int | str, taxonomy: Taxonomy) -> Entry:
    text, data = task["data"]["text"], task["data"]
    origin = {name: data.get(name) for name in ORIGIN}
    given = [one for one in task.get("annotations") or () if isinstance(one, dict)]
    kept = [one for one in given if not one.get("was_cancelled")]
    if not kept:
        return Entry("task", at, text, origin, "skipped" if given else "open")
    truths = [one for one in kept if one.get("ground_truth")]
    chosen = max(truths or kept, key=lambda one: str(one.get("updated_at") or ""))
    faults: list[Fault] = []
    results = _results(chosen, taxonomy, faults)
    named = list(_named(results, text, faults))
    opinions, tags = split(named, taxonomy)
    return Entry(
        place="task",
        at=at,
        text=text,
        origin=origin,
        state="done",
        overall=_overall(results, faults),
        opinions=opinions,
        tags=tags,
        faults=tuple(faults),
        passed_over=len(kept) - 1,
    )


def _results(
    annotation: Mapping[str, Any], taxonomy: Taxonomy, faults: list[Fault]
) -> list[Mapping[str, Any]]:
    """Return what an annotation says, with lists of strings where lists belong."""
    results: list[Mapping[str, Any]] = []
    for one in annotation.get("result") or ():
        if not isinstance(one, dict) or "from_name" not in one:
            continue  # a relation between two regions is nothing that was asked for
        value, control = one.get("value"), str(one["from_name"])
        if not isinstance(value, dict):
            faults += [Fault("result")] if control in _CONTROLS else []
            continue
        lists = {key: _strings(value[key]) for key in ("choices", "labels") if key in value}
        names = [*map(name_in, lists.get("labels", ())), *map(name_in, lists.get("choices", ()))]
        if control not in _CONTROLS and any(
            name in taxonomy.drivers or name in taxonomy.tags or name in SENTIMENTS
            for name in names
        ):
            # What is labelled there would be lost, and the row said to judge nothing.
            known = ", ".join(_CONTROLS)
            faults.append(Fault("control", {"given": repr(control), "known": known}))
        results.append({**one, "id": str(one.get("id")), "value": {**value, **lists}})
    return results


def _strings(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    return [str(value) for value in listed if value is not None]


def _overall(results: Sequence[Mapping[str, Any]], faults: list[Fault]) -> str | None:
    chosen = [
        meaning("value", shown, SENTIMENTS) or shown
        for result in results
        if result["from_name"] == "overall"
        for shown in result["value"].get("choices", ())
    ]
    if len({*chosen}) > 1:
        faults.append(Fault("several", {"given": ", ".join(chosen)}))
    return chosen[0] if chosen else None


def _named(
    results: Sequence[Mapping[str, Any]], text: str, faults: list[Fault]
) -> Iterator[Finding]:  # fmt: skip
    regions = [result for result in results if result["value"].get("labels")]
    regions = [region for region in regions if region["from_name"] == "name"]
    labelled = {region["id"] for region in regions}
    polarities: dict[str, list[str]] = {}
    for result in results:
        chosen = result["value"].get("choices")
        if result["from_name"] != "polarity" or not chosen:
            continue
        polarities.setdefault(result["id"], []).extend(chosen)
        if result["id"] not in labelled:
            faults.append(Fault("unnamed", {"words": repr(result["value"].get("text"))}))
    for result in regions:
        words = _words_of(result["value"], text)
        if words is None:
            marked = result["value"].get("text") or result["value"].get("start")
            names = ", ".join(map(name_in, result["value"]["labels"]))
            faults.append(Fault("span", {"name": names, "given": repr(marked)}))
        for label in result["value"]["labels"]:
            for shown in polarities.get(result["id"], ()):
                polarity = meaning("value", shown, POLARITIES) or shown
                yield Finding(name_in(label), polarity, words)
            if not polarities.get(result["id"]):
                faults.append(Fault("region", {"name": name_in(label), "words": words}))


def _words_of(value: Mapping[str, Any], text: str) -> str | None:
    """Return the marked words as they stand in the text; None when they are not to be found."""
    start, end, words = value.get("start"), value.get("end"), value.get("text")
    if isinstance(start, int) and isinstance(end, int):
        units = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
        for candidate in (text[start:end], units.decode("utf-16-le", "replace")):
            if candidate and (words is None or candidate == words) and candidate in text:
                return candidate
    return words if words and words in text else None
