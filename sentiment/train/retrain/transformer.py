"""Fine-tuning a transformer on a team's own rows: the bundled one, or an encoder of another maker.

rows -> a part kept aside -> fine-tuning (`finetune`) -> of the way from the base to the fine-tuned
weights, as far as the part aside says (Wortsman et al. 2022, WiSE-FT) -> decision moved on it (`settle`)
-> model

Of few rows every part is kept aside in turn, so that all of them say how far to go and where the
decision stands; a last run learns from all of them.

Going only part of the way is what early stopping is for, and can be chosen after the run: with few
rows it forgets less of what the rows do not speak about.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.errors import InputError, MissingExtra
from sentiment.model import bundle
from sentiment.model.protocol import Model
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.retrain.bases import PARTS, Fitted, Holding, Step

if TYPE_CHECKING:
    from sentiment.model.network import FeedbackNetwork
    from sentiment.model.transformer import Settings, TransformerModel
    from sentiment.train.base.finetune import FinetuneOptions
    from sentiment.train.base.pack import BaseParts
    from sentiment.train.base.token_targets import Targets
    from sentiment.train.retrain.encoder import Encoder

__all__ = ["BundleBase", "EncoderBase", "TrainSettings"]

_MISSING = 'Training a transformer needs an extra: pip install "sentiment[torch]".'
_OVERLAP = 64
_MOST_PARTS = 4  # that are kept aside in turn: each is a run of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How a run goes, with the reason beside each number."""

    steps: int | None = None  # of a run; by the rows where not given: `epochs` times through them
    minutes: float = 60.0  # whichever comes first; of all runs together
    window: int = 256  # tokens read at once, of an encoder without heads; a bundle keeps its own
    epochs: float = 8.0
    fewest_steps: int = 60
    most_steps: int = 3000
    tokens: int = 1024  # a batch: a few dozen rows, so that a few hundred make several steps
    encoder_rate: float = 1e-4  # a fifth of the base's own: it has learnt already
    other_rate: float = 3e-5  # of an encoder of another maker, which is larger
    heads_rate: float = 1e-3
    aside: int = 8  # one part in so many rows is kept, to settle on
    in_turn: int = 2000  # of so few rows a part is too small: all are kept aside in turn
    anchor: float = 20.0  # rows that the base's own decision is worth
    threads: int = 2

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> TrainSettings:
        """Return the settings, those given in place of the usual ones.

        :raises InputError: A name that is none of them, or a value that is no number.
        """
        known = {field.name for field in fields(cls)}
        if strange := sorted(set(given) - known):
            raise InputError(
                f"there is no setting {strange[0]}; the settings are {', '.join(sorted(known))}"
            )
        for name, value in given.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and isfinite(value)):
                raise InputError(f"the setting {name} is a number, not {value!r}")
        whole = {field.name for field in fields(cls) if "float" not in str(field.type)}
        if broken := sorted(name for name in whole & set(given) if given[name] != int(given[name])):
            raise InputError(f"the setting {broken[0]} is a whole number, not {given[broken[0]]!r}")
        # "anchor = 5" means 5.0, and numpy knows the two apart.
        numbers: dict[str, Any] = {
            name: int(value) if name in whole else float(value) for name, value in given.items()
        }
        return cls(**numbers)


@dataclass(frozen=True)
class _FittedTransformer:
    parts: BaseParts
    checked: Sequence[Any]
    recipe: Mapping[str, Any]
    weak: Mapping[str, int]

    @property
    def model(self) -> Model:
        return self.parts.model("trained@0")

    def save(
        self, path: Path, *, name: str, version: str, metrics: Mapping[str, Any], card: str,
        made: Mapping[str, Any],
    ) -> bundle.Bundle:  # fmt: skip
        from sentiment.train.base.pack import pack

        saved, _ = pack(
            self.parts, path, name=name, version=version, metrics=metrics, card=card, made=made,
            checked=self.checked,
        )  # fmt: skip
        return saved


class _TransformerBase:
    """What both kinds of base share: one part held out, for minutes are too long to do it in turn."""

    packages = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime")
    lacking: frozenset[tuple[str, str]] = frozenset()  # every tag has all three polarities
    name: str
    digest: str
    _device: str
    _settings: TrainSettings

    def holding(self, rows: int) -> Holding:
        """Return one part of five, and the model measured is the one saved."""
        return Holding(PARTS, 1, again=False)


class BundleBase(_TransformerBase):
    """A transformer bundle: encoder, heads and decision are all there."""

    def __init__(self, saved: bundle.Bundle, device: str, settings: TrainSettings) -> None:
        self.name = saved.name
        self.digest = saved.digest
        self.taxonomy = saved.taxonomy
        self._saved = saved
        self._device = device
        self._settings = settings

    @classmethod
    def open(cls, saved: bundle.Bundle, device: str, settings: Mapping[str, Any]) -> BundleBase:
        """Return the base, once it is known that it can be trained here.

        :raises MissingExtra: torch or transformers is not installed.
        """
        _need_torch()
        return cls(saved, device, TrainSettings.of(settings))

    def fit(
        self, examples: Sequence[Example], taxonomy: Taxonomy, seed: int, step: Step, *,
        state: Path | None = None,
    ) -> Fitted:  # fmt: skip
        """Fine-tune encoder and heads, and go as far as the part kept aside says."""
        from sentiment.model.network import load_network
        from sentiment.model.transformer import TransformerModel
        from sentiment.train.retrain.carry import carry_decision, carry_heads

        own = self.taxonomy
        network = load_network(
            self._saved.config, self._saved.file(bundle.NETWORK), len(own.topics),
            len(own.drivers) + len(own.tags),
        )  # fmt: skip
        base = TransformerModel.of(self._saved, "cpu")
        settings = replace(
            base.settings, decision=carry_decision(base.settings.decision, own, taxonomy)
        )
        return _fit(
            carry_heads(network, own, taxonomy), settings,
            self._saved.file(bundle.TOKENIZER).read_text(encoding="utf-8"), examples, taxonomy,
            base, self._settings, self._device, seed, step, state, known=True,
        )  # fmt: skip


class EncoderBase(_TransformerBase):
    """An encoder of another maker: its heads start from nothing."""

    taxonomy = None

    def __init__(self, encoder: Encoder, device: str, settings: TrainSettings) -> None:
        self.name = encoder.name
        self.digest = _digest(encoder)
        self._encoder = encoder
        self._device = device
        self._settings = settings

    @classmethod
    def open(cls, name: str, device: str, settings: Mapping[str, Any]) -> EncoderBase:
        """Load the encoder.

        :raises MissingExtra: torch or transformers is not installed.
        :raises ModelError: There is no such encoder, or it cannot be used.
        """
        _need_torch()
        from sentiment.train.retrain.encoder import open_encoder

        return cls(open_encoder(name), device, TrainSettings.of(settings))

    def fit(
        self, examples: Sequence[Example], taxonomy: Taxonomy, seed: int, step: Step, *,
        state: Path | None = None,
    ) -> Fitted:  # fmt: skip
        """Put heads on the encoder and fine-tune both."""
        import copy

        import torch

        from sentiment.model.network import FeedbackNetwork
        from sentiment.model.transformer import Settings
        from sentiment.train.retrain.carry import first_decision

        torch.manual_seed(seed)
        network = FeedbackNetwork(
            copy.deepcopy(self._encoder.network), self._encoder.width, len(taxonomy.topics),
            len(taxonomy.drivers) + len(taxonomy.tags),
        )  # fmt: skip
        window = min(self._settings.window, self._encoder.longest)
        settings = Settings(window, min(_OVERLAP, window // 4), first_decision(taxonomy))
        chosen = replace(self._settings, encoder_rate=self._settings.other_rate)
        return _fit(
            network, settings, self._encoder.tokenizer, examples, taxonomy, None, chosen,
            self._device, seed, step, state, known=False,
        )  # fmt: skip


def _fit(
    network: FeedbackNetwork, model: Settings, tokenizer_json: str, examples: Sequence[Example],
    taxonomy: Taxonomy, base: TransformerModel | None, settings: TrainSettings, device: str,
    seed: int, step: Step, state: Path | None, *, known: bool,
) -> Fitted:  # fmt: skip
    """Fine-tune a network whose heads are laid out for the taxonomy.

    :param known: Whether its weights already solve the task, so that going part of the way makes
        sense.
    """
    import copy

    from tokenizers import Tokenizer

    from sentiment.model.runtime import pick_device
    from sentiment.train.base.pack import BaseParts
    from sentiment.train.base.token_targets import read_targets
    from sentiment.train.data.split import folds
    from sentiment.train.retrain.phrases import weak_examples
    from sentiment.train.retrain.settle import answers_along, choose_way, go, joined, settle_near

    place = pick_device(device)
    tokenizer = Tokenizer.from_str(tokenizer_json)
    full, weak = weak_examples(examples, taxonomy, base)
    in_turn = known and len(full) <= settings.in_turn
    parts = min(settings.aside, _MOST_PARTS) if in_turn else settings.aside
    fold = folds(full, parts, seed)
    words = None if base is None else base.words
    turns = parts if in_turn else 1

    by_part = [
        read_targets(
            [one for one, at in zip(full, fold, strict=True) if at == part],
            tokenizer, taxonomy, model.window,
            words=words if part < turns else None,  # only decisions need them
        )
        for part in range(parts)
    ]  # fmt: skip
    aside = by_part[:turns]
    learn = [_all_but(by_part, turn) for turn in range(turns)]
    if in_turn:
        learn.append(_all_but(by_part, None))
    each = replace(settings, minutes=settings.minutes / len(learn))
    options = [_options(each, sum(len(one.ids) for one in some), seed, place) for some in learn]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    along = []
    for turn, some in enumerate(learn):
        tuned = copy.deepcopy(network)
        _learn(
            tuned, some, taxonomy, options[turn], place,
            None if state is None else state / str(turn),
            _of_all(step, [one.steps for one in options], turn),
        )  # fmt: skip
        if turn < len(aside):
            along.append(answers_along(tuned, before, aside[turn]))
    # The last one is what is kept: of all rows, where each part was held out in turn.
    held = _all_but(aside, None)
    said = joined(along)
    way = choose_way(said, held, model.decision, settings.anchor) if known else 1.0
    go(tuned, before, tuned.state_dict(), way)
    decision = settle_near(said[way], held, model.decision, settings.anchor)
    path = Path(tempfile.mkdtemp(prefix="sentiment-")) / bundle.TOKENIZER
    path.write_text(tokenizer_json, encoding="utf-8")
    made = BaseParts(tuned, path, taxonomy, replace(model, decision=decision), words)
    last = options[-1]
    recipe = {**asdict(settings), "steps": last.steps, "bf16": last.bf16, "way": way}
    fitted = _FittedTransformer(made, [one.ids for one in held[:200]], recipe, weak)
    # The tokenizer's file is there as long as the model that it is saved with.
    weakref.finalize(fitted, shutil.rmtree, path.parent, ignore_errors=True)
    return fitted


def _all_but(parts: Sequence[Sequence[Targets]], left_out: int | None) -> list[Targets]:
    return [one for at, part in enumerate(parts) if at != left_out for one in part]


def _learn(
    network: FeedbackNetwork, targets: Sequence[Targets], taxonomy: Taxonomy,
    options: FinetuneOptions, place: str, kept: Path | None, step: Step,
) -> None:  # fmt: skip
    """Fine-tune the network and leave it on the CPU; a run that is found finished is taken up."""
    import torch

    from sentiment.train.base.finetune import finetune

    done = None if kept is None else kept / "finetuned.pt"
    if done is not None and done.exists():
        network.load_state_dict(torch.load(done, weights_only=True))
        return
    checkpoint = None
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        checkpoint = kept / "finetune.pt"
    finetune(network, targets, taxonomy, options, lambda line: None, place, checkpoint, step)
    network.to("cpu")
    if done is not None:
        unfinished = done.with_suffix(".new")
        torch.save(network.state_dict(), unfinished)
        unfinished.replace(done)


def _of_all(step: Step, steps: Sequence[int], turn: int) -> Step:
    """Return what tells of a turn's steps as of some of all."""

    def told(done: int, of: int, loss: float) -> None:
        step(sum(steps[:turn]) + done, sum(steps), loss)

    return told


def _options(settings: TrainSettings, tokens: int, seed: int, place: str) -> FinetuneOptions:
    from sentiment.train.base.finetune import FinetuneOptions
    from sentiment.train.base.quick import has_bf16

    wanted = int(settings.epochs * tokens / settings.tokens)
    steps = min(max(wanted, settings.fewest_steps), settings.most_steps)
    return replace(
        FinetuneOptions(), steps=settings.steps or steps, minutes=settings.minutes,
        tokens=settings.tokens, encoder_rate=settings.encoder_rate, heads_rate=settings.heads_rate,
        joined=0.0, threads=settings.threads, bf16=has_bf16(place), seed=seed,
    )  # fmt: skip


def _need_torch() -> None:
    for name in ("torch", "transformers", "tokenizers", "onnx", "onnxruntime"):
        try:
            __import__(name)
        except ImportError as error:
            raise MissingExtra(f"{name} is not installed. {_MISSING}") from error


def _digest(encoder: Encoder) -> str:
    """Return a hash of the encoder's weights and tokenizer."""
    import hashlib

    digest = hashlib.sha256(encoder.tokenizer.encode())
    digest.update(json.dumps(encoder.network.config.to_dict(), default=str).encode())
    for name, value in sorted(encoder.network.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
