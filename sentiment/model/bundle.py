"""A trained model as a folder of data: config, arrays, figures, card, and the sha256 of each.

    config.json          schema version, architecture, labels, taxonomy, thresholds, temperatures
    weights.safetensors  the arrays
    metrics.json         figures measured when it was trained
    README.md            the card
    manifest.json        sha256 of every other file, and what the bundle was made from

No pickle and no code: a bundle from a stranger can be wrong, but it cannot run anything. A file that
was changed, is missing or is not in the manifest is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import InputError, MissingExtra, ModelError, OutputError
from sentiment.taxonomy import Taxonomy

__all__ = ["DEFAULT", "SCHEMA", "Bundle", "bundled", "find", "read", "write"]

SCHEMA = 1
DEFAULT = "lite"

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
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    manifest: Mapping[str, Any]
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
        try:
            return Taxonomy.from_dict(self.config["taxonomy"], where=str(self.path / _CONFIG))
        except InputError as error:  # pragma: no cover - a TaxonomyError says it itself
            raise ModelError(str(error)) from error

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return (self.path / _CARD).read_text(encoding="utf-8")

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(
            (self.path / name).stat().st_size for name in (*self.manifest["files"], _MANIFEST)
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Read the arrays.

        :raises ModelError: The file holds no arrays.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return load_file(self.path / _WEIGHTS)
        except (SafetensorError, OSError) as error:
            raise ModelError(
                f"{self.path / _WEIGHTS}: the arrays cannot be read ({error})."
            ) from error


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
    :raises MissingExtra: A hub is asked for without the extra that reaches it.
    """
    if model is None:
        model = DEFAULT
    known = bundled()
    if isinstance(model, str) and model in known:
        return known[model]
    path = Path(model)
    if path.is_dir():
        return path
    names = ", ".join(known) or "none"
    if path.exists():
        raise ModelError(f"{model}: a model is a folder, and this is a file; name the folder.")
    if isinstance(model, str) and _HUB_ID.fullmatch(model) and not path.parent.exists():
        return _from_hub(model)
    raise ModelError(
        f"There is no model {str(model)!r}; use {names}, a folder, or a hub id OWNER/NAME."
    )


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
    arrays: Mapping[str, NDArray[Any]],
    metrics: Mapping[str, Any],
    card: str,
    made: Mapping[str, Any],
) -> Bundle:
    """Write a bundle, whole or not at all, and read it back.

    The same input gives the same bytes.

    :param config: Fields of config.json; `schema` is added.
    :param made: What it was made from, for the manifest: data hash, commit, versions, command.
    :raises OutputError: The folder exists and is no bundle, or cannot be written.
    """
    from safetensors.numpy import save_file

    path = Path(path)
    if path.exists() and not (path / _MANIFEST).is_file() and any(path.iterdir()):
        raise OutputError(f"{path}: exists and is no model bundle; choose another folder.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    _dump(scratch / _CONFIG, {"schema": SCHEMA, **config})
    _dump(scratch / _METRICS, metrics)
    save_file(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}, scratch / _WEIGHTS
    )
    (scratch / _CARD).write_text(card, encoding="utf-8")
    files = {entry.name: _sha256(entry) for entry in sorted(scratch.iterdir())}
    _dump(scratch / _MANIFEST, {"files": files, "made": made})
    path.mkdir(exist_ok=True)
    # Scratch files are private; a bundle is read by whoever may read the folder it is in.
    for entry in scratch.iterdir():
        entry.chmod(0o644)
    for entry in path.iterdir():
        entry.unlink()
    for entry in sorted(scratch.iterdir()):
        os.replace(entry, path / entry.name)
    scratch.rmdir()
    return read(path)


def _dump(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); get the bundle again.") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path}: not a JSON object; get the bundle again.")
    return data


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
