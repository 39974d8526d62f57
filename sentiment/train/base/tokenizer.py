"""One bilingual vocabulary for the base model, kept in a tokenizer.json that needs nothing else.

The model reads the folded text (lower case, simplified), which has the length of the text itself,
so offsets carry over. A token is of one kind: Han (at most four characters), Latin, digits, or one
mark or emoji; a Latin word starts with the marker ``▁``, wherever it stands. What the vocabulary
lacks is spelt in bytes, so nothing is unknown.

The model is a unigram model: the most probable path through a word wins. For Chinese its pieces
are the corpus's words as jieba cuts them, with their own frequencies, so that at run time the path
through an uncut text comes close to jieba's, without jieba. (BPE's merges run across words: 和服 in
质量和服务; the usual unigram training prunes 性价比 to 性 + 价比.) For English they are the
frequent words whole, and for the rare ones pieces from the usual training.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.errors import MissingExtra

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIALS", "TokenizerOptions", "save", "train"]

# Ids 0 to 4, in this order, in every bundle.
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MARKER = "▁"
LONGEST_HAN = 4
_HAN = r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_KINDS = (
    rf"{_HAN}+"
    r"|\p{Latin}[\p{Latin}\p{M}]*(?:'\p{Latin}+)*"  # don't stays whole: negation in one token
    r"|\p{Nd}{1,3}"
    r"|(?!\p{Latin}|\p{Nd})[\p{L}\p{N}\p{M}]+"  # other scripts: bytes, mostly
    r"|."
)
# Emoji blocks whose every sign is in the vocabulary whether the corpus has it or not.
_EMOJI_BLOCKS = ((0x1F600, 0x1F64F), (0x1F90C, 0x1F93A), (0x1F970, 0x1F97A))
_EMOJI = (
    "❤♥💔💕💖💗💙💚💛💜🖤💯💢💥💦💨💩💪🔥🎉🎁👍👎👌👏🙏👊✌✊✋👋🤝👀💀☠👿👻👽🤖🌹🌸🌟⭐✨☀⚡❄🌈"
    "✅✔❌❎❗❓‼⚠🆗🆘🚀🚚📦📱💻🍔🍕🍜🍚🍰🍺🍻☕🍵🛒💰💸💵💲🏆🥇🎂😀☺☹☻♡★☆→←↑↓√×○●◎□■△▲▽▼"
)


@dataclass(frozen=True, slots=True)
class TokenizerOptions:
    """How large the vocabulary is and how it is shared out."""

    size: int = 20480  # a multiple of 128 keeps the decoder's matrix even
    han_floor: int = 20  # a Han character seen as often is a token; rarer ones are spelt in bytes
    sign_floor: int = 40  # the same for digits, marks and emoji
    chinese_words: int = 6000  # of two to four characters
    english_pieces: int = 2500  # parts of rare words; what room is left goes to whole words
    characters: int = 12_500_000  # of each language, read for training


def train(chinese: Iterable[str], english: Iterable[str], options: TokenizerOptions) -> Tokenizer:
    """Return a tokenizer trained on folded texts of both languages in equal parts.

    :raises MissingExtra: The extra [torch], which holds `tokenizers`, is not installed.
    """
    tokenizer = _empty()
    counts = _count(tokenizer, chinese, english, options.characters)
    signs = _signs(counts, options)
    han = _han(counts, options)
    words = {token: count for token, count in counts.items() if token.startswith(MARKER)}
    room = options.size - len(SPECIALS) - 256 - len(signs) - len(han) - options.english_pieces
    latin = _latin(words, max(room, 0), options.english_pieces)
    return _assemble(tokenizer, _scores(signs) | _scores(han) | latin, options.size)


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and what `AutoTokenizer` needs beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 256,
        "clean_up_tokenization_spaces": False,
        **{f"{name.strip('[]').lower()}_token": name for name in SPECIALS},
    }
    text = json.dumps(config, indent=1) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def _empty() -> Tokenizer:
    try:
        from tokenizers import Tokenizer, models
    except ImportError as error:
        raise MissingExtra(
            "Training a tokenizer needs the extra [torch]: pip install 'sentiment[torch]'."
        ) from error
    tokenizer = Tokenizer(models.Unigram())
    _wire(tokenizer)
    return tokenizer


def _wire(tokenizer: Tokenizer) -> None:
    from tokenizers import Regex, decoders, normalizers, pre_tokenizers, processors

    # The text line has folded the text; these three only make a bare AutoTokenizer agree with it.
    # Offsets stay those of the text that was given.
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Lowercase(),
            normalizers.Replace("\u2019", "'"),
            normalizers.Replace("\ufe0f", ""),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(_KINDS), "isolated"),
            pre_tokenizers.Metaspace(replacement=MARKER, prepend_scheme="always", split=False),
            pre_tokenizers.Split(Regex(rf"^{MARKER}(?!\p{{Latin}})"), "removed"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Metaspace(replacement=MARKER), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )


def _count(
    tokenizer: Tokenizer, chinese: Iterable[str], english: Iterable[str], characters: int
) -> Counter[str]:
    """Count the words, digits and marks of both languages, Chinese as jieba cuts it."""
    counts: Counter[str] = Counter()
    texts = chain(_cut(_first(chinese, characters)), _first(english, characters))
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text)
        counts.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal))
    return counts


def _first(texts: Iterable[str], characters: int) -> Iterator[str]:
    for text in texts:
        if characters <= 0:
            return
        characters -= len(text)
        yield text


def _cut(texts: Iterable[str]) -> Iterator[str]:
    """Yield Chinese texts with a space after every word of jieba's dictionary."""
    import jieba

    jieba.setLogLevel(60)
    cutter = jieba.Tokenizer()
    for text in texts:
        # Dictionary words only: the hidden Markov model glues rare neighbours together.
        yield " ".join(cutter.cut(text, HMM=False))


def _signs(counts: Counter[str], options: TokenizerOptions) -> dict[str, int]:
    """Return the digits, marks, emoji and letters of other scripts that are tokens."""
    signs = dict.fromkeys((chr(code) for code in range(0x21, 0x7F) if not chr(code).isalpha()), 1)
    signs.update(dict.fromkeys("abcdefghijklmnopqrstuvwxyz" + MARKER + _EMOJI, 1))
    for first, last in _EMOJI_BLOCKS:
        signs.update(dict.fromkeys(map(chr, range(first, last + 1)), 1))
    singles: Counter[str] = Counter()
    for token, count in counts.items():
        if token.isdigit():
            singles[token] += count
        elif not _is_han(token):
            for character in token:
                singles[character] += count
    for token, count in singles.items():
        # Control, private and unassigned characters are damage, never a token of their own.
        known = not unicodedata.category(token[0]).startswith("C")
        if known and (count >= options.sign_floor or token in signs):
            signs[token] = count
    return signs


def _han(counts: Counter[str], options: TokenizerOptions) -> dict[str, int]:
    """Return the Han characters and words that are tokens, with their counts.

    A character's count is that of the character standing alone, so that the path through a text
    prefers words where jieba would.
    """
    words = {token: count for token, count in counts.items() if _is_han(token)}
    characters: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            characters[character] += count
    many = Counter({word: words[word] for word in words if _stands(word, words)})
    chosen = dict(many.most_common(options.chinese_words))
    for character, count in characters.items():
        if count >= options.han_floor:
            chosen[character] = max(words.get(character, 0), 1)
    return chosen


def _stands(word: str, words: dict[str, int]) -> bool:
    """Say whether a word may be one token.

    Not where it is too long, and not where it is two common words (服务态度): the border between
    what is judged and the judgement may lie between them. Idioms (物美价廉) stay whole.
    """
    if not 2 <= len(word) <= LONGEST_HAN:
        return False
    halves = (word[:2], word[2:])
    return len(word) < 4 or not all(words.get(half, 0) > words[word] for half in halves)


def _latin(words: dict[str, int], whole: int, pieces: int) -> dict[str, float]:
    """Return scores of whole frequent words and of the pieces that spell the rare ones."""
    from tokenizers import trainers

    ranked = sorted(words, key=lambda word: (-words[word], word))
    frequent = _scores({word: words[word] for word in ranked[:whole]})
    rare = _empty()
    trainer = trainers.UnigramTrainer(
        # Twice the room: pieces that are frequent words as well take no room of their own.
        vocab_size=2 * pieces,
        unk_token="[UNK]",
        special_tokens=["[UNK]"],
        max_piece_length=10,
        show_progress=False,
    )
    spelled = (" ".join([word.removeprefix(MARKER)] * words[word]) for word in ranked[whole:])
    rare.train_from_iterator(spelled, trainer)
    learnt = [(piece, score) for piece, score in _pieces(rare) if piece not in frequent]
    return dict(learnt[1 : pieces + 1]) | frequent


def _pieces(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    return [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


def _scores(counts: dict[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {token: math.log(count / total) for token, count in counts.items()}


def _assemble(tokenizer: Tokenizer, scores: dict[str, float], size: int) -> Tokenizer:
    from tokenizers import Tokenizer

    state: dict[str, Any] = json.loads(tokenizer.to_str())
    lowest = min(scores.values())
    ranked = sorted(scores, key=lambda piece: (-scores[piece], piece))
    model = state["model"]
    model["vocab"] = [
        *([name, 0.0] for name in SPECIALS),
        *([f"<0x{value:02X}>", lowest - 2.0] for value in range(256)),
        *([piece, scores[piece]] for piece in ranked[: size - 256 - len(SPECIALS)]),
    ]
    model["unk_id"] = SPECIALS.index("[UNK]")
    model["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(state))


def _is_han(piece: str) -> bool:
    return "\u3400" <= piece[0] <= "\u9fff"
