"""Pretrain the base model's encoder on the corpus, as long as you let it; run it again to go on.

    nice -n 19 python scripts/pretrain.py CORPUS TOKENIZER OUT --minutes 120 --cooldown 20

Where other jobs share the cores, set OMP_WAIT_POLICY=PASSIVE, so that no thread spins. About 6,000
tokens/s on two cores with avx512_bf16. SIGTERM ends a run with its state saved.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from sentiment.train.base.pretrain import PretrainOptions, pretrain


def main() -> None:
    """Read the arguments, train, and print the held-out loss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path, help="folder that build_corpus wrote")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json that train_tokenizer wrote")
    parser.add_argument("out", type=Path, help="folder for checkpoints, log and encoder")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--cooldown", type=float, default=0.0, help="minutes of falling rate")
    parser.add_argument("--step-tokens", type=int, default=4096, help="8192 after 10 M tokens")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    options = replace(
        PretrainOptions(),
        minutes=arguments.minutes,
        cooldown=arguments.cooldown,
        threads=arguments.threads,
        step_tokens=arguments.step_tokens,
    )
    loss = pretrain(arguments.corpus, arguments.tokenizer, arguments.out, options)
    print(f"held-out loss {loss:.4f}")


if __name__ == "__main__":
    main()
