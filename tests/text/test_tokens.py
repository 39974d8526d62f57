from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sentiment.text import Token, prepare, words


def test_chinese_words_are_slices_of_the_original() -> None:
    prepared = prepare("這個(gè)產(chǎn)品質(zhì)量很好")  # this product's quality is very good
    assert [token.text for token in words(prepared)] == [
        "這個",
        "產(chǎn)品質(zhì)量",
        "很",
        "好",
    ]


def test_latin_words_numbers_and_signs() -> None:
    found = words(prepare("Don't pay $9.99, e-mail  first"))
    assert [token.text for token in found] == ["Don't", "pay", "$", "9.99", ",", "e-mail", "first"]
    assert found[-1] == Token("first", 24 + 1, 30)


def test_the_same_words_from_several_threads() -> None:
    text = "物流很快，包装也结实"  # delivery quick, packaging solid too
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: words(prepare(text)), range(32)))
    assert len(set(results)) == 1
    assert [token.text for token in results[0]][:1] == ["物流"]
