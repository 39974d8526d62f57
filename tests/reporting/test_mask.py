"""What identifies a person is hidden; what proves a complaint is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.reporting.mask import mask


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "138 1234 5678",
        "+86 139-1234-5678",
        "0755-88886666",
        "021-5566 7788".replace(" ", ""),
        "400-820-8820",
        "+44 20 7946 0958",
        "(555) 010-4477",
        "555-010-4477",
        "zhang.san+shop@example.com.cn",
        "11010519491231002X",
        "6222021234567890123",
        "@li_lei88",
    ],
)
def test_is_hidden_wherever_it_stands(secret: str) -> None:
    for text in (f"打{secret}没人接", f"call {secret} please", secret):
        hidden = mask(text)
        assert secret not in hidden
        assert len(hidden) == len(text)
        assert not any(character.isdigit() for character in hidden)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("订单号：SF20240318A 还没到", "SF20240318A"),
        ("order number #A-100923 never came", "A-100923"),
        ("tracking no. 1Z999AA10123 is stuck", "1Z999AA10123"),
        ("加我微信 feng_2024 聊", "feng_2024"),
        ("QQ:12345678", "12345678"),
        ("Mr Harlow at the desk", "Harlow"),
        ("My name is Ingrid Solberg and", "Ingrid Solberg"),
        ("我叫韩梅梅，住三楼", "韩梅梅"),
        ("王经理态度很好", "王"),
    ],
)
def test_what_a_word_before_it_gives_away_is_hidden(text: str, secret: str) -> None:
    assert secret not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "花了199元,原价2999",
        "2019年买的,用到2024年",
        "10/10, would buy again",
        "iPhone 15 Pro 和 RTX4090",
        "a 65W charger, 5000mAh, 1920x1080",
        "打8折,满300减50",
        "case for iphone15 is loose",
        "3 pieces @ $5.99 each",
        "今天2024-03-18收到",
        "高兴,满意",
        "666 真不错",
    ],
)
def test_prices_years_scores_and_models_are_kept(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_length_never_changes_and_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert len(once) == len(text)
    assert mask(once) == once
