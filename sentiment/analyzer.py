"""The line put together: feedback in, text made ready, model asked, analysis out.

One path serves one text and ten million: a single text is a batch of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from sentiment.cycles import seldom_searched
from sentiment.errors import InputError, ModelError
from sentiment.model import bundle
from sentiment.model.protocol import Finding, Model, Prediction
from sentiment.records import SENTIMENTS, Analysis, Feedback, Opinion, Tag, topic_states
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare, words

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.explanation import Explanation

__all__ = ["Analyzer", "load"]

# Enough texts for array operations to pay, few enough for a stream to stay lazy.
_BATCH = 256
# So much of what the text line squeezed ("哈" a thousand times) is shown as evidence.
_SQUEEZED = 40
_SQUEEZES = {"repeats", "whitespace"}
_DEVICES = ("auto", "cpu", "cuda")
_SPEEDS = ("full", "fast")

# Probabilities as they are written, the place of the largest, and the score.
_Rounded = tuple[list[float], int, float]


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    device: str = "auto",
    taxonomy: str | os.PathLike[str] | Taxonomy | None = None,
    speed: str = "full",
) -> Analyzer:
    """Load a model and return what scores feedback with it.

    >>> import sentiment
    >>> analyzer = sentiment.load()
    >>> analyzer.analyze("物流很快，但是质量太差。").topics["delivery"]
    'positive'

    :param model: A bundled model's name ("base", "fast", "lite"), a folder, or a hub id; "base" by
        default.
    :param device: "auto", "cpu" or "cuda"; a model that only runs on the CPU takes no notice.
    :param taxonomy: A taxonomy file of your own, or one that was read. Its names and definitions
        are used; topics, drivers and tags that it leaves out are left out of the results; those
        that it adds are found once a model has learnt them.
    :param speed: "full", or "fast": in the place of base answers the smaller model that learnt from
        it. What that costs is in docs/fast.md.
    :raises ModelError: No such model, its folder is not as it was saved, or there is no faster one.
    :raises TaxonomyError: The taxonomy cannot be read or contradicts itself.
    :raises InputError: An argument that is none of what it may be.
    :raises MissingExtra: The model, the device or a hub needs a package that is not installed.
    """
    if device not in _DEVICES:
        raise InputError(f"device {device!r} is none of {', '.join(_DEVICES)}.")
    if speed not in _SPEEDS:
        raise InputError(f"speed {speed!r} is none of {', '.join(_SPEEDS)}.")
    path = bundle.find(model)
    if speed == "fast":
        path = bundle.faster(path)
    # Absolute, so that a pickled analyzer arrives wherever the other process runs.
    opened = open_model(os.path.abspath(path), device)
    if taxonomy is not None and not isinstance(taxonomy, Taxonomy):
        if not isinstance(taxonomy, (str, os.PathLike)):
            raise InputError(
                f"A taxonomy is a file's path or a Taxonomy, not a {type(taxonomy).__name__}."
            )
        taxonomy = Taxonomy.read(os.fspath(taxonomy))
    return Analyzer(opened, device, taxonomy)


def open_model(path: str, device: str) -> Model:
    """Return the model in a bundle's folder.

    :raises ModelError: The folder is not as it was saved, or of a kind that is not known.
    """
    saved = bundle.read(path)
    if saved.architecture == "lite":
        from sentiment.model.lite import LiteModel

        return LiteModel.of(saved)
    if saved.architecture == "transformer":
        from sentiment.model.transformer import TransformerModel

        return TransformerModel.of(saved, device)
    raise ModelError(
        f"{path}: architecture {saved.architecture!r} is not known to this release; "
        "upgrade with pip install -U sentiment."
    )


@dataclass(frozen=True, slots=True)
class _Reloaded:
    """How an analyzer is pickled: by the folder of its model, checked again where it arrives."""

    path: str
    device: str
    digest: str
    taxonomy: Taxonomy | None

    def __call__(self) -> Analyzer:
        model = open_model(self.path, self.device)
        if model.digest != self.digest:
            raise ModelError(
                f"{self.path}: another model than when the analyzer was pickled; load it again."
            )
        return Analyzer(model, self.device, self.taxonomy)


class Analyzer:
    """Scores feedback with one model. Safe from several threads, and picklable.

    Made by `load`.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        taxonomy: Taxonomy | None = None,
    ) -> None:
        if isinstance(model, (str, os.PathLike)):
            raise InputError(f"An Analyzer is made by load: sentiment.load({str(model)!r}).")
        self._model = model
        self._device = device
        self._own_taxonomy = taxonomy
        self._topics = tuple(self.taxonomy.topics)
        self._topic_of = {name: driver.topic for name, driver in self.taxonomy.drivers.items()}
        self._tags = frozenset(self.taxonomy.tags)

    def __repr__(self) -> str:
        return f"Analyzer({self.model_name!r})"

    def __reduce__(self) -> tuple[_Reloaded, tuple[()]]:
        path = self.path
        if path is None:
            raise TypeError("this analyzer's model is in no folder, so it cannot be pickled")
        return _Reloaded(path, self._device, self.model_digest, self._own_taxonomy), ()

    @property
    def model_name(self) -> str:
        """Name and version of the model, as written into every record."""
        return self._model.name

    @property
    def model_digest(self) -> str:
        """A digest that changes whenever a file of the model does."""
        return self._model.digest

    @property
    def path(self) -> str | None:
        """Folder of the model; None where it lies in none."""
        path = getattr(self._model, "path", None)
        return None if path is None else str(path)

    @property
    def runs_on_gpu(self) -> bool:
        """Whether the model runs on a GPU, as `device` and the model decided."""
        return self._model.device != "cpu"

    @property
    def can_use_gpu(self) -> bool:
        """Whether a GPU would run the model, where there is one."""
        return self._model.can_use_gpu

    @property
    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """F1 of each topic's states by language, as measured when the model was trained."""
        return self._model.accuracy

    @property
    def taxonomy(self) -> Taxonomy:
        """The topics, drivers and tags that it finds."""
        return self._own_taxonomy or self._model.taxonomy

    def analyze(self, text: object) -> Analysis:
        """Return what one piece of feedback says.

        >>> import sentiment
        >>> analysis = sentiment.load().analyze("Great phone, but it arrived late.")
        >>> [(o.driver, o.evidence) for o in analysis.opinions if o.topic == "delivery"]
        [('delivery.speed', 'arrived late')]

        :param text: A string or a `Feedback`. None, NaN and pandas' NA are an empty answer; a number
            is read as it is written; bytes are read as UTF-8.
        :raises InputError: Anything else, a list for one.

        Half a character (a lone surrogate) is none that could be written: it is read as U+FFFD, and
        two halves as the character that they are. Offsets are of the text in the analysis.
        """
        return self.analyze_batch([text])[0]

    def analyze_batch(self, texts: Iterable[object]) -> list[Analysis]:
        """Return one analysis per text, in order; `row` counts from 1 where none is given.

        :param texts: As for `analyze`, each.
        """
        return self._analyses(_numbered(list(_several(texts)), 1))

    def _analyses(self, feedback: Sequence[Feedback]) -> list[Analysis]:
        """Return one analysis per piece of feedback, each of which can be scored and written."""
        with seldom_searched():
            return self._scored(feedback)

    def _scored(self, feedback: Sequence[Feedback]) -> list[Analysis]:
        prepared = [prepare(item.text, item.damage) for item in feedback]
        scored = [
            index for index, ready in enumerate(prepared) if ready.status in ("ok", "damaged")
        ]
        predictions: list[Prediction | None] = [None] * len(feedback)
        found = self._model.predict([prepared[index] for index in scored])
        for index, prediction in zip(scored, found, strict=True):
            predictions[index] = prediction
        rounded = _rounded([prediction.probabilities for prediction in found])
        return [
            self._analysis(item, ready, prediction, next(rounded) if prediction else None)
            for item, ready, prediction in zip(feedback, prepared, predictions, strict=True)
        ]

    def stream(self, texts: Iterable[object]) -> Iterator[Analysis]:
        """Yield one analysis per text, lazily, in order, in constant memory.

        Texts are read a few hundred ahead. Closing the generator closes the one it reads from; an error
        in there comes through after what was read before it.

        :param texts: Any iterable of what `analyze` takes; it may be endless.
        """
        source = iter(_several(texts))
        try:
            row = 0
            while True:
                batch, error = _read_ahead(source)
                feedback = _numbered(batch, row + 1)
                row += len(batch)
                yield from self._analyses(feedback)
                if error is not None:
                    raise error
                if not batch:
                    return
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    def frame(self, frame: pd.DataFrame, text: str | None = None) -> pd.DataFrame:
        """Return a copy of a DataFrame with the columns of a scored table added; index kept.

        :param frame: Any DataFrame.
        :param text: The column that holds the feedback; found by name and content when not given.
        :raises ColumnError: No such column, or none (or two) that could be it.
        """
        from sentiment.frame import score_frame

        return score_frame(self, frame, text)

    def explain(self, text: object) -> Explanation:
        """Return how a text was read and what decided; its `lines` are what `explain` prints.

        :param text: As for `analyze`.
        """
        from sentiment.explanation import Explanation

        item = _feedback(text, 1)
        prepared = prepare(item.text, item.damage)
        return Explanation.of(prepared, self.analyze(item), self._model, self.taxonomy)

    def _analysis(
        self,
        item: Feedback,
        prepared: Prepared,
        prediction: Prediction | None,
        rounded: _Rounded | None,
    ) -> Analysis:
        row = 1 if item.row is None else item.row  # `_feedback` has numbered it
        if prediction is None or rounded is None:
            return Analysis(
                row, item.id, item.question, item.text, prepared.language, prepared.status,
                None, None, None, None, topic_states((), self._topics), (), (), False,
                self._model.name, item.columns,
            )  # fmt: skip
        values, largest, score = rounded
        negative, neutral, positive, mixed = values
        opinions, tags = self._found(item.text, prepared, prediction.findings)
        # By place: to name sixteen fields takes as long as to set them, for each text.
        return Analysis(
            row, item.id, item.question, item.text, prepared.language, prepared.status,
            SENTIMENTS[largest], score, values[largest],
            {"negative": negative, "neutral": neutral, "positive": positive, "mixed": mixed},
            topic_states(opinions, self._topics), opinions, tags, prediction.truncated,
            self._model.name, item.columns,
        )  # fmt: skip

    def _found(
        self, text: str, prepared: Prepared, findings: Sequence[Finding]
    ) -> tuple[tuple[Opinion, ...], tuple[Tag, ...]]:
        opinions: list[Opinion] = []
        tags: list[Tag] = []
        for finding in findings:
            name, polarity, start, end = finding.name, finding.polarity, finding.start, finding.end
            if prepared.steps:
                start, end = prepared.to_original(start, end)
                # A model keeps its evidence short in the text as it reads it; the way back makes
                # it long where most of the text was squeezed.
                if end - start > max(_SQUEEZED, 2 * (finding.end - finding.start)) and _SQUEEZES & {
                    step.name for step in prepared.steps
                }:
                    end = _border(prepared, start, start + _SQUEEZED)
            evidence = text[start:end]
            # As round(..., 4), in a quarter of the time.
            confidence = round(finding.confidence * 10_000) / 10_000
            topic = self._topic_of.get(name)
            if topic is not None:
                opinions.append(Opinion(topic, name, polarity, confidence, evidence, start, end))
            elif name in self._tags:
                tags.append(Tag(name, polarity, confidence, evidence, start, end))
        return tuple(opinions), tuple(tags)


def _border(prepared: Prepared, start: int, most: int) -> int:
    """Return where a clause of the user's text ends, or else a word, up to a place.

    That place itself where a single word goes on beyond it, as one letter a hundred times does.
    """
    clauses = [prepared.to_original(*clause)[1] for clause in prepared.clauses]
    for ends in (clauses, [token.end for token in words(prepared)]):
        if reached := [end for end in ends if start < end <= most]:
            return max(reached)
    return most


def _rounded(probabilities: Sequence[tuple[float, ...]]) -> Iterator[_Rounded]:
    """Round to four decimals, as they are written, so that a record that is read back is the same one.

    They still sum to 1: the largest takes what is left over. All texts at once, in ten-thousandths:
    `round` takes longer for one number than all this does for a text.
    """
    if not probabilities:
        return iter(())
    whole = np.rint(np.array(probabilities, dtype=np.float64) * 10_000)
    at = np.arange(len(whole))
    whole[at, whole.argmax(1)] += 10_000 - whole.sum(1)
    scores = whole[:, SENTIMENTS.index("positive")] - whole[:, SENTIMENTS.index("negative")]
    return zip(
        (whole / 10_000).tolist(), whole.argmax(1).tolist(), (scores / 10_000).tolist(), strict=True
    )


def _read_ahead(source: Iterator[object]) -> tuple[list[object], Exception | None]:
    """Return the next texts, and the error that ended them, if one did."""
    batch: list[object] = []
    try:
        batch.extend(islice(source, _BATCH))
    except Exception as error:  # whatever it is, it is raised after the texts
        return batch, error
    return batch, None


def _several(texts: Iterable[object]) -> Iterable[object]:
    """Return the texts, unless they are something that would be taken apart into other things."""
    name = type(texts).__name__
    if isinstance(texts, (str, bytes, Feedback)):
        raise InputError(
            f"Several texts are wanted and this is one {name}; use analyze, or a list."
        )
    if isinstance(texts, Mapping) or name == "DataFrame":
        raise InputError(
            f"Texts do not come as a {name}; give a list, or use frame for a DataFrame."
        )
    if not isinstance(texts, Iterable) or getattr(texts, "shape", None) == ():
        raise InputError(f"Texts do not come as a {name}; give a list or another iterable.")
    return texts


def _feedback(text: object, row: int) -> Feedback:
    if isinstance(text, Feedback):
        return _checked(text, row)
    if isinstance(text, str):
        # A plain string of whatever kind of string it is (NumPy's): records are pickled and written.
        return Feedback(text=_whole(str.__str__(text)), row=row)
    if text is None or _is_missing(text):
        return Feedback(text="", row=row)
    if isinstance(text, bytes):
        try:
            return Feedback(text=text.decode("utf-8-sig"), row=row)
        except UnicodeDecodeError:
            return Feedback(
                text=text.decode("utf-8", "replace"), row=row, damage="bytes that are not UTF-8"
            )
    if isinstance(text, (Real, Decimal)) and not isinstance(text, bool):
        return Feedback(text=str(text), row=row)
    raise InputError(
        f"Text {row} is a {type(text).__name__}; give a string (for several texts use "
        "analyze_batch or stream)."
    )


def _numbered(texts: Sequence[object], first: int) -> list[Feedback]:
    """Return what can be scored and written, a few hundred texts at a time looked at together.

    A reader's feedback is ready as it comes; to see that cell by cell takes as long as to clean it.

    :param first: Row of the first text, for texts that have none.
    """
    feedback: list[Feedback] = []
    for low in range(0, len(texts), _BATCH):
        some = texts[low : low + _BATCH]
        if _are_ready(some):
            feedback += some
        else:
            feedback += [_feedback(text, first + low + at) for at, text in enumerate(some)]
    return feedback


def _are_ready(items: Sequence[object]) -> TypeGuard[Sequence[Feedback]]:
    """Tell whether all are feedback that can be scored and written as it is."""
    names: set[str | None] = set()
    cells: list[str | None] = []
    for item in items:
        if (
            type(item) is not Feedback
            or type(item.text) is not str
            or type(item.row) is not int
            or type(item.columns) is not dict
        ):
            return False
        names.update(item.columns)
        cells += (item.text, item.id, item.question, *item.columns.values())
    try:
        "".join([cell for cell in (*names, *cells) if cell is not None]).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _checked(item: Feedback, row: int) -> Feedback:
    """Return what can be scored and written; most often it is the item as it came."""
    if item.row is None:
        item = replace(item, row=row)
    if not isinstance(item.row, Integral):
        raise InputError(f"The row of text {row} is a {type(item.row).__name__}; give a number.")
    if not isinstance(item.text, str):
        raise InputError(f"The text of row {item.row} is a {type(item.text).__name__}.")
    for name, value in (("id", item.id), ("question", item.question)):
        if value is not None and not isinstance(value, str):
            raise InputError(
                f"The {name} of row {item.row} is a {type(value).__name__}; give a string."
            )
    if type(item.row) is not int:
        item = replace(item, row=int(item.row))  # NumPy's, which JSON does not know
    text = _whole(item.text)
    if text is not item.text:
        item = replace(item, text=text)
    if not isinstance(item.columns, Mapping):
        raise InputError(
            f"The columns of row {item.row} are a {type(item.columns).__name__}; give a dict of strings."
        )
    if _are_ready([item]):
        return item
    return replace(
        item,
        id=_whole_cell(item.id),
        question=_whole_cell(item.question),
        columns={_whole_cell(name): _whole_cell(cell) for name, cell in item.columns.items()},
    )


def _whole_cell(cell: Any) -> Any:
    """Return a cell as it can be written; itself, where it can."""
    if isinstance(cell, str):
        return cell if cell.isascii() else _whole(cell)
    if cell is None or isinstance(cell, (int, float)):
        return cell
    raise InputError(f"A cell of Feedback.columns is a {type(cell).__name__}; give a string.")


def _whole(text: str) -> str:
    """Return a text without halves of characters, which no file could hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _is_missing(value: Any) -> bool:
    """Tell NaN, NaT and pandas' NA without importing pandas: none of them equals itself."""
    if hasattr(value, "__len__"):
        return False
    try:
        return not bool(value == value)
    except (ArithmeticError, TypeError, ValueError):
        # pandas' NA refuses to be a bool.
        return type(value).__name__ == "NAType"
