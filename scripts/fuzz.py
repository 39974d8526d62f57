"""Feed what nobody would write to reading, normalising, segmenting, scoring and whole jobs.

    python scripts/fuzz.py                      hypothesis and atheris, ten minutes in all
    python scripts/fuzz.py --minutes 60 --check text --engine atheris

Two engines run the same checks (tests/fuzzing.py): hypothesis puts dirt together that has something
to do with each other, atheris changes bytes and keeps what reaches new lines of the code. What they
find is written to CORPUS/found; once mended it goes to tests/fuzzed, where it is run with the tests.
Ends with code 1 when something was found. Needs the extras [test,fuzz].
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# An input larger than this shows nothing that a smaller one does not; size has tests of its own.
LONGEST = 4000
# Of real time, far above the limit of processor time that the checks hold rows to.
HANG_SECONDS = 60
MEGABYTES = 3000
# What formats are made of, and bytes that are no UTF-8.
SIGNS = [
    *(sign.encode() for sign in ',"\n\r\0\t;{}[]:\\\ufeff'),
    b"\r\n", b"X1,", b",3\n", b'{"review": "', b'"}\n', b"\xff", b"\x80", b"<c>", b"</row>",
    "评".encode("gbk"), "好".encode("big5"),
]  # fmt: skip


def main() -> int:
    """Share the time among engines and checks; return 1 when one of them found something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10, help="in all (10)")
    parser.add_argument("--corpus", type=Path, default=ROOT / "out" / "fuzz", help="kept inputs")
    parser.add_argument("--check", action="append", help="only this check; may be repeated")
    parser.add_argument("--engine", choices=("hypothesis", "atheris"), help="only this engine")
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    if options.seconds:  # before anything of ours is imported: it is to be instrumented
        return run_atheris(options.check[0], options.seconds, options.corpus)
    from tests.fuzzing import CHECKS

    checks = options.check or list(CHECKS)
    if unknown := set(checks) - set(CHECKS):
        parser.error(f"no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    engines = [options.engine] if options.engine else ["hypothesis", "atheris"]
    seconds = options.minutes * 60 / (len(checks) * len(engines))
    found = [
        f"{engine} {check}"
        for check in checks
        for engine in engines
        if not _spent_in_peace(engine, check, seconds, options.corpus)
    ]
    for one in found:
        print(f"FOUND by {one}: see {options.corpus / 'found'}")
    print("nothing found" if not found else f"{len(found)} found")
    return 1 if found else 0


def _spent_in_peace(engine: str, check: str, seconds: float, corpus: Path) -> bool:
    print(f"-- {check}: {engine}, {seconds:.0f} s", flush=True)
    if engine == "hypothesis":
        return run_hypothesis(check, seconds, corpus)
    command = [sys.executable, __file__, "--check", check, "--engine", "atheris"]
    command += ["--seconds", f"{seconds:.0f}", "--corpus", str(corpus)]
    return subprocess.run(command, check=False).returncode == 0


def run_hypothesis(name: str, seconds: float, corpus: Path) -> bool:
    """Run one check on made-up inputs until the time is over; say whether all went well."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis.database import DirectoryBasedExampleDatabase

    from tests.fuzzing import CHECKS

    database = DirectoryBasedExampleDatabase(corpus / "hypothesis" / name)
    quietly = settings(
        max_examples=200, deadline=None, database=database,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
    )  # fmt: skip
    last = b""

    def one(data: bytes) -> None:
        nonlocal last
        last = data
        CHECKS[name](data)

    ends, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        rounds += 1
        try:
            seed(random.randrange(2**32))(quietly(given(_inputs(name))(one)))()
        except Exception as error:  # whatever it is, it is what is looked for
            path = _keep(corpus, name, last)
            print(f"   {type(error).__name__}: {error}\n   kept as {path}", flush=True)
            return False
    print(f"   {rounds} rounds of 200 inputs")
    return True


def _inputs(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a strategy of hypothesis
    from hypothesis import strategies as st

    from tests.fuzzing import seeds
    from tests.text.test_properties import TEXTS

    texts = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
    if name in ("text", "scoring"):
        return texts | st.binary(max_size=60)
    signs = st.sampled_from(SIGNS)
    pieces = st.lists(
        texts | signs | st.sampled_from(seeds(name)).map(lambda seed: seed[1:]), max_size=12
    )
    kind = st.integers(0, 255).map(lambda number: bytes([number]))
    return st.tuples(kind, pieces.map(b"".join)).map(b"".join)


def run_atheris(name: str, seconds: float, corpus: Path) -> int:
    """Run one check under libFuzzer; it ends the process by itself, with a code for what it found."""
    import atheris

    with atheris.instrument_imports(include=["sentiment"]):
        from tests.fuzzing import CHECKS, seeds

    kept, found = corpus / "atheris" / name, corpus / "found"
    kept.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for data in seeds(name):
        (kept / _digest(data)).write_bytes(data)
    check: Callable[[bytes], None] = CHECKS[name]
    arguments = [
        sys.argv[0], str(kept), f"-max_total_time={seconds:.0f}", f"-max_len={LONGEST}",
        f"-timeout={HANG_SECONDS}", f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={found}/{name}-",
        "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup(arguments, check)
    atheris.Fuzz()
    return 0


def _keep(corpus: Path, name: str, data: bytes) -> Path:
    path = corpus / "found" / f"{name}-{_digest(data)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
