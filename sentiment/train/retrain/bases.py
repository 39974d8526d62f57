"""What training can start from: a lite bundle, a transformer bundle, an encoder of another maker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sentiment.errors import InputError
from sentiment.model import bundle
from sentiment.model.protocol import Model
from sentiment.records import POLARITIES
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example

__all__ = ["PARTS", "Base", "Fitted", "Holding", "Step", "open_base"]

Step = Callable[[int, int, float], None]
"""Told the steps that are done, all steps, and the loss."""

# So many rows and fewer are all held out in turn; of more, one part is enough to measure on.
_MOST_IN_TURN = 2000
PARTS = 5


@dataclass(frozen=True, slots=True)
class Holding:
    """How rows are held out to measure on.

    :param parts: Into how many parts near-duplicate groups are dealt.
    :param in_turn: How many of the parts are held out, each in a fit of its own.
    :param again: Whether the model that is saved is trained once more, on all rows.
    """

    parts: int
    in_turn: int
    again: bool


class Fitted(Protocol):
    """A model that was trained and not saved yet."""

    @property
    def model(self) -> Model:
        """Ready to predict."""

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Every setting, and what was chosen by the run."""

    @property
    def weak(self) -> Mapping[str, int]:
        """Rows with a weak label, by driver that was started from seed phrases."""

    def save(
        self, path: Path, *, name: str, version: str, metrics: Mapping[str, Any], card: str,
        made: Mapping[str, Any],
    ) -> bundle.Bundle:  # fmt: skip
        """Write the bundle, whole or not at all."""


class Base(Protocol):
    """Something that training starts from."""

    @property
    def name(self) -> str:
        """Name and version, or the folder or hub id of an encoder."""

    @property
    def digest(self) -> str:
        """Changes whenever the base does."""

    @property
    def taxonomy(self) -> Taxonomy | None:
        """What its heads are laid out for; None for an encoder without heads."""

    @property
    def packages(self) -> Sequence[str]:
        """Packages whose versions belong into the manifest."""

    @property
    def lacking(self) -> frozenset[tuple[str, str]]:
        """Tags with a polarity that its taxonomy has and that it has no head for."""

    def holding(self, rows: int) -> Holding:
        """Return how rows are held out where there is no dev file."""

    def fit(
        self, examples: Sequence[Example], taxonomy: Taxonomy, seed: int, step: Step, *,
        state: Path | None = None,
    ) -> Fitted:  # fmt: skip
        """Train on the examples; a run that finds its state at that path goes on from it."""


def open_base(name: str, device: str = "auto", settings: Mapping[str, Any] | None = None) -> Base:
    """Return what training starts from.

    :param name: A bundled model, the folder of a bundle, the folder of an encoder that `AutoModel`
        of transformers loads, or the id of either on a hub.
    :param settings: Of the run of a transformer: fields of `transformer.TrainSettings`.
    :raises ModelError: There is no such model, or it cannot be a base.
    :raises InputError: A setting that there is not, or that the base has no use for.
    :raises MissingExtra: It needs a package that is not installed.
    """
    if _is_encoder(name):
        from sentiment.train.retrain.transformer import EncoderBase

        return EncoderBase.open(name, device, settings or {})
    saved = bundle.read(bundle.find(name))
    if saved.architecture == "transformer":
        from sentiment.train.retrain.transformer import BundleBase

        return BundleBase.open(saved, device, settings or {})
    if settings:
        raise InputError(
            f"{saved.name} is a lite model, refitted in seconds, and has no setting "
            f"{', '.join(sorted(settings))}; leave it out, or start from a transformer"
        )
    return LiteBase(saved)


def _is_encoder(name: str) -> bool:
    """Tell an encoder's folder, or what may be one on a hub, from a bundle."""
    if name in bundle.bundled():
        return False
    path = Path(name)
    if path.is_dir():
        return (path / "config.json").exists() and not (path / "manifest.json").exists()
    return not path.exists() and bundle.is_hub_id(name) and not bundle.is_on_hub(name)


@dataclass(frozen=True)
class _FittedLite:
    parts: Any
    weak: Mapping[str, int]
    recipe: Mapping[str, Any]

    @property
    def model(self) -> Model:
        model: Model = self.parts.model
        return model

    def save(
        self, path: Path, *, name: str, version: str, metrics: Mapping[str, Any], card: str,
        made: Mapping[str, Any],
    ) -> bundle.Bundle:  # fmt: skip
        return bundle.write(
            path, config={"name": name, "version": version, **self.parts.config},
            arrays=self.parts.arrays, metrics=metrics, card=card, made=made,
        )  # fmt: skip


class LiteBase:
    """A lite bundle: its heads are moved towards the rows, in seconds."""

    packages = ("numpy", "scipy", "scikit-learn")

    def __init__(self, saved: bundle.Bundle) -> None:
        from sentiment.model.lite import LiteModel

        self.name = saved.name
        self.digest = saved.digest
        self.taxonomy = saved.taxonomy
        self._model = LiteModel.of(saved)

    @property
    def lacking(self) -> frozenset[tuple[str, str]]:
        """Tags with a polarity that had too few rows when the bundle was trained."""
        every = {(tag, polarity) for tag in self.taxonomy.tags for polarity in POLARITIES}
        return frozenset(every - set(self._model.labels.pairs))

    def holding(self, rows: int) -> Holding:
        """Return five parts, all of them held out in turn where that takes seconds."""
        return Holding(PARTS, PARTS if rows <= _MOST_IN_TURN else 1, again=True)

    def fit(
        self, examples: Sequence[Example], taxonomy: Taxonomy, seed: int, step: Step, *,
        state: Path | None = None,
    ) -> Fitted:  # fmt: skip
        """Refit the heads; no state is kept of what takes seconds."""
        from sentiment.train.retrain.refit_lite import RefitRecipe, refit_lite

        recipe = RefitRecipe(seed=seed)
        fitted = refit_lite(self._model, examples, taxonomy, recipe, step)
        chosen = {
            "strength": fitted.strength,
            "losses": {f"{strength:g}": round(loss, 4) for strength, loss in fitted.losses.items()},
        }
        return _FittedLite(fitted.parts, fitted.weak, {**asdict(recipe), **chosen})
