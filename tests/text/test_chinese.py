from __future__ import annotations

import pytest

from sentiment.text import prepare
from sentiment.text.chinese import common_characters, to_simplified


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("這個產品質量很好", "这个产品质量很好"),  # this product's quality is very good
        ("裡面裏面", "里面里面"),  # inside, in Taiwan and in Hong Kong
        ("佢哋嘅嘢喺度", "佢哋嘅嘢喺度"),  # Cantonese characters stay
        ("看著很舊", "看着很旧"),  # looks old: 著 as a particle
        ("著名品牌很貴", "著名品牌很贵"),  # a famous brand, dear: 著 as itself
        ("最後收到", "最后收到"),  # received at last
        ("乾隆年间", "乾隆年间"),  # a reign: simplified text is left alone
        ("GOOD 質量", "good 质量"),
        ("İyi", "iyi"),
        ("ΑΣ", "ας"),
    ],
)
def test_folded(text: str, folded: str) -> None:
    prepared = prepare(text)
    assert prepared.folded == folded
    assert len(prepared.folded) == len(prepared.text)


def test_traditional_text_is_judged_as_simplified() -> None:
    assert prepare("物流很快質量也不錯").clauses == prepare("物流很快质量也不错").clauses


def test_every_character_folds_to_one() -> None:
    everything = "".join(map(chr, range(0x4E00, 0xA000)))
    assert len(to_simplified(everything)) == len(everything)


def test_daily_characters() -> None:
    assert len(common_characters()) == 3755
    assert "好" in common_characters()
    assert "蛻" not in common_characters()
