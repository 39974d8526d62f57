"""A trained model as a folder of data: config, arrays, figures, card, and the sha256 of each.

    config.json          schema version, architecture, labels, taxonomy, thresholds, temperatures
    weights.safetensors  a lite model's arrays
    model.safetensors    a transformer's weights, fp16; `AutoModel` finds its encoder there
    model.onnx           the same network as a graph for ONNX Runtime
    tokenizer.json       its tokenizer, and tokenizer_config.json, which `AutoTokenizer` reads
    metrics.json         figures measured when it was trained
    README.md            the card
    manifest.json        sha256 of every other file, and what the bundle was made from

No pickle and no code: a bundle from a stranger can be wrong, but it cannot run anything. A file that
was changed or is missing is refused; one that is not in the manifest is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import InputError, MissingExtra, ModelError, OutputError, TaxonomyError
from sentiment.taxonomy import Taxonomy

__all__ = [
    "DEFAULT",
    "FAST",
    "GRAPH",
    "NETWORK",
    "SCHEMA",
    "TOKENIZER",
    "Bundle",
    "architecture",
    "bundled",
    "faster",
    "find",
    "is_hub_id",
    "is_on_hub",
    "read",
    "rewrite",
    "write",
]

SCHEMA = 1
DEFAULT = "base"
FAST = "fast"  # the model that answers in its place under `--speed fast`

# Files of a transformer.
NETWORK = "model.safetensors"
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"

_CONFIG = "config.json"
_METRICS = "metrics.json"
_MANIFEST = "manifest.json"
_WEIGHTS = "weights.safetensors"
_CARD = "README.md"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were found as the manifest says.

    :param digest: sha256 of the manifest, and so of everything: changes when any file does.
    """

    path: Path
    config: Mapping[str, Any] = field(repr=False)
    metrics: Mapping[str, Any] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    digest: str

    @property
    def name(self) -> str:
        """Name and version, as written into every record: "lite@1.0.0"."""
        return f"{self.config['name']}@{self.config['version']}"

    @property
    def architecture(self) -> str:
        """Which code runs it: "lite" or "transformer"."""
        return str(self.config["architecture"])

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy that its heads are laid out for."""
        where = str(self.path / _CONFIG)
        data = self.config["taxonomy"]
        if not isinstance(data, Mapping):
            raise ModelError(f"{where}: the taxonomy is no object; get the bundle again.")
        try:
            return Taxonomy.from_dict(data, where=where)
        except TaxonomyError as error:
            raise ModelError(str(error)) from error

    @property
    def accuracy(self) -> dict[str, dict[str, float]]:
        """Micro F1 of the states of each topic, by language, on the rows it was measured on."""
        try:
            return _topic_f1(self.metrics)
        except (AttributeError, KeyError, TypeError, ValueError):
            return {}  # figures of another kind: a model runs without them

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        try:
            return self.file(_CARD).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path / _CARD}: the card cannot be read ({error}).") from error

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(
            (self.path / name).stat().st_size for name in (*self.manifest["files"], _MANIFEST)
        )

    @property
    def has_arrays(self) -> bool:
        """Whether it holds arrays: a lite model always, a transformer where words have a say."""
        return _WEIGHTS in self.manifest["files"]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Read the arrays.

        :raises ModelError: The file holds no arrays.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self.file(_WEIGHTS)
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{path}: the arrays cannot be read ({error}).") from error

    def file(self, name: str) -> Path:
        """Return the path of a file that was checked against the manifest.

        :raises ModelError: The bundle has no such file.
        """
        if name not in self.manifest["files"]:
            raise ModelError(
                f"{self.path}: the manifest does not list {name}; get the bundle again."
            )
        return self.path / name


def _topic_f1(metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for by_language in metrics.values():
        for language, figures in by_language.items():
            sums: dict[str, list[int]] = {}
            for state, counts in figures.get("topics", {}).items():
                total = sums.setdefault(state.partition(":")[0], [0, 0])
                total[0] += 2 * counts["right"]
                total[1] += counts["labelled"] + counts["found"]
            for topic, (right, total_count) in sums.items():
                if total_count:
                    found.setdefault(topic, {})[language] = round(right / total_count, 4)
    return found


def bundled() -> dict[str, Path]:
    """Return the bundles that come with the package, by name.

    They lie inside the package in a wheel, and beside it in a checkout or an editable install.
    """
    package = Path(__file__).resolve().parents[1]
    found: dict[str, Path] = {}
    for root in (package / "bundled", package.parent / "models"):
        if root.is_dir():
            for config in sorted(root.glob(f"*/{_CONFIG}")):
                found.setdefault(config.parent.name, config.parent)
    return found


def find(model: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a model: a bundled name, a folder, or a repository on a hub.

    :raises ModelError: There is no such model, or the hub cannot be reached.
    :raises InputError: Neither a string nor a path.
    :raises MissingExtra: A hub is asked for without the extra that reaches it.
    """
    if model is None:
        model = DEFAULT
    if not isinstance(model, (str, os.PathLike)):
        raise InputError(
            f"A model is named by a string or a path, not by a {type(model).__name__}."
        )
    found = _here(model)
    if found is not None:
        return found
    names = ", ".join(bundled()) or "none"
    if Path(model).exists():
        raise ModelError(f"{model}: a model is a folder, and this is a file; name the folder.")
    if isinstance(model, str) and is_hub_id(model):
        return _from_hub(model)
    raise ModelError(
        f"There is no model {str(model)!r}; use {names}, a folder, or a hub id OWNER/NAME."
    )


def architecture(model: str | os.PathLike[str] | None = None) -> str:
    """Return the architecture of a model that is on this machine, "" where none of this name is.

    Little is checked and no hub is asked; what is wrong with a model is told by who opens it.
    """
    try:
        path = _here(DEFAULT if model is None else model)
        return str(_json(path / _CONFIG).get("architecture", "")) if path else ""
    except (OSError, TypeError, ModelError):
        return ""


def _here(model: str | os.PathLike[str]) -> Path | None:
    known = bundled()
    if isinstance(model, str) and model in known:
        return known[model]
    path = Path(model)
    return path if path.is_dir() else None


def faster(path: Path) -> Path:
    """Return the folder of the model that answers for another under `--speed fast`.

    For base that is `FAST`, which learnt from it; a lite model and `FAST` itself are fast as they are.

    :param path: The folder of the other one.
    :raises ModelError: It is another transformer, of which no faster one has learnt.
    """
    known = bundled()
    if FAST in known and any(
        path.samefile(known[name]) for name in (DEFAULT, FAST) if name in known
    ):
        return known[FAST]
    saved = read(path)
    if saved.architecture == "lite":
        return path
    raise ModelError(
        f"{saved.name} has no faster model that learnt from it; leave speed at full, or train one of "
        f"your own (sentiment train ROWS --base {FAST} -o FOLDER) and name it as the model."
    )


def is_hub_id(name: str) -> bool:
    """Tell whether a name is the id of a repository on a hub: OWNER/NAME, and no folder here."""
    return _HUB_ID.fullmatch(name) is not None and not Path(name).parent.exists()


def is_on_hub(repository: str) -> bool:
    """Tell whether a hub has a bundle of that id; False where no hub can be asked.

    Asked is for its manifest alone: of an encoder of another maker nothing is fetched.
    """
    try:
        from huggingface_hub import hf_hub_download

        hf_hub_download(repository, _MANIFEST)
    except Exception:  # its client raises a dozen kinds; whoever opens the id next says why
        return False
    return True


def _from_hub(repository: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtra(
            f"{repository}: no such folder, and to fetch it from a hub needs an extra: "
            'pip install "sentiment[hub]".'
        ) from None
    try:
        # Data only: nothing that could be run is fetched, whatever the repository holds.
        fetched = snapshot_download(
            repository, allow_patterns=["*.json", "*.safetensors", "*.onnx", _CARD]
        )
    except Exception as error:
        raise ModelError(
            f"{repository}: no such folder, and the hub gave no bundle of that name "
            f"({type(error).__name__}); check the name and the network."
        ) from error
    return Path(fetched)


def read(path: str | os.PathLike[str]) -> Bundle:
    """Read a bundle and check every file of it against the manifest.

    :raises ModelError: Not a bundle, a file that was changed or is missing, or a newer schema.
    """
    path = Path(path)
    manifest_path = path / _MANIFEST
    if not manifest_path.is_file():
        raise ModelError(f"{path}: no model bundle; there is no {_MANIFEST} in it.")
    manifest = _json(manifest_path)
    files = manifest.get("files")
    if not isinstance(files, Mapping) or _CONFIG not in files:
        raise ModelError(f"{manifest_path}: lists no files; get the bundle again.")
    for name, expected in files.items():
        # A name with a path in it would read outside the folder.
        if Path(name).name != name:
            raise ModelError(f"{manifest_path}: {name!r} is not the name of a file in the bundle.")
        if not (path / name).is_file():
            raise ModelError(f"{path}: the file {name} is missing; get the bundle again.")
        if _sha256(path / name) != expected:
            raise ModelError(
                f"{path / name}: changed since the bundle was saved (its sha256 is not the "
                "manifest's); get the bundle again."
            )
    config = _json(path / _CONFIG)
    schema = config.get("schema")
    if not isinstance(schema, int) or schema < 1:
        raise ModelError(f"{path / _CONFIG}: no schema version; this is no bundle of ours.")
    if schema > SCHEMA:
        raise ModelError(
            f"{path}: made by a newer release (schema {schema}, this one reads up to {SCHEMA}); "
            "upgrade with pip install -U sentiment."
        )
    for key in ("name", "version", "architecture", "taxonomy"):
        if key not in config:
            raise ModelError(f"{path / _CONFIG}: the field {key} is missing; get the bundle again.")
    metrics = _json(path / _METRICS) if _METRICS in files else {}
    return Bundle(path, config, metrics, manifest, _sha256(manifest_path))


def write(
    path: str | os.PathLike[str],
    *,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    card: str,
    made: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
    files: Sequence[Path] = (),
) -> Bundle:
    """Write a bundle, whole or not at all, and read it back.

    The same input gives the same bytes.

    :param config: Fields of config.json; `schema` is added.
    :param arrays: Those of a lite model, or of a transformer's `words`.
    :param files: Copied as they are, under their own names.
    :param made: What it was made from, for the manifest: data hash, commit, versions, command.
    :raises OutputError: The folder exists and is no bundle, or cannot be written.
    """
    from safetensors.numpy import save

    path = Path(path).resolve()  # of a link, the folder is replaced and not the link
    _refuse_to_overwrite(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as scratch:
            new = Path(scratch) / "new"
            new.mkdir()
            _dump(new / _CONFIG, {"schema": SCHEMA, **config})
            _dump(new / _METRICS, metrics)
            if arrays is not None:
                plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
                (new / _WEIGHTS).write_bytes(save(plain))
            for source in files:
                shutil.copyfile(source, new / source.name)
            (new / _CARD).write_bytes(card.encode())
            listed = {entry.name: _sha256(entry) for entry in sorted(new.iterdir())}
            _dump(new / _MANIFEST, {"files": listed, "made": made})
            _swap(new, path, Path(scratch) / "old")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    return read(path)


def rewrite(
    path: str | os.PathLike[str], *, card: str, metrics: Mapping[str, Any] | None = None
) -> Bundle:
    """Give a bundle another card, and figures if given; all else stays as it is, to the byte.

    :raises ModelError: Not a bundle, or one that was changed since it was saved.
    :raises OutputError: It cannot be written.
    """
    saved = read(path)
    own = {_CONFIG, _METRICS, _CARD}
    config = {key: value for key, value in saved.config.items() if key != "schema"}
    return write(
        path,
        config=config,
        metrics=saved.metrics if metrics is None else metrics,
        card=card,
        made=saved.manifest["made"],
        files=[saved.path / name for name in saved.manifest["files"] if name not in own],
    )


def _swap(new: Path, path: Path, old: Path) -> None:
    """Put a folder in the place of another: no reader ever finds half of one and half of the other."""
    if not path.exists():
        new.rename(path)
        return
    path.rename(old)
    try:
        new.rename(path)
    except OSError:
        old.rename(path)
        raise


def _refuse_to_overwrite(path: Path) -> None:
    """Raise unless nothing would be lost but an older bundle."""
    if not path.exists():
        return
    if not path.is_dir():
        raise OutputError(f"{path}: exists and is no folder; choose another one.")
    present = {entry.name for entry in path.iterdir()}
    if not present:
        return
    if _MANIFEST not in present:
        raise OutputError(f"{path}: exists and is no model bundle; choose another folder.")
    listed = _json(path / _MANIFEST).get("files")
    others = sorted(present - {_MANIFEST, *(listed if isinstance(listed, Mapping) else ())})
    if others:
        raise OutputError(
            f"{path}: holds {others[0]}, which is no part of a bundle and would be lost; move it, or "
            "choose another folder."
        )


def _dump(path: Path, data: Mapping[str, Any]) -> None:
    # As bytes: a line ends in the same way on every system, and so the sha256 is the same.
    path.write_bytes((json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); get the bundle again.") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path}: not a JSON object; get the bundle again.")
    return data


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
