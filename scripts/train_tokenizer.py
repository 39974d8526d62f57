"""Train the base model's tokenizer on the corpus: three minutes on two cores.

    python scripts/train_tokenizer.py CORPUS OUT

Prints tokens a character for both languages; expected about 0.63 (zh) and 0.23 (en).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment.train.base import tokenizer


def main() -> None:
    """Read the arguments, train, save, and print how long the held-out texts come out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path, help="folder that build_corpus wrote")
    parser.add_argument("out", type=Path, help="folder for tokenizer.json")
    parser.add_argument("--size", type=int, default=20480)
    arguments = parser.parse_args()
    options = tokenizer.TokenizerOptions(size=arguments.size)
    lines = {
        language: (arguments.corpus / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        for language in ("zh", "en")
    }
    trained = tokenizer.train(lines["zh"], lines["en"], options)
    tokenizer.save(trained, arguments.out)
    print(f"{trained.get_vocab_size()} pieces")
    for language, texts in lines.items():
        sample = texts[-2000:]
        tokens = sum(len(encoding.ids) - 2 for encoding in trained.encode_batch(sample))
        print(f"{language}: {tokens / sum(map(len, sample)):.3f} tokens a character")


if __name__ == "__main__":
    main()
