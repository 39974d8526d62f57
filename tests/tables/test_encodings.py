"""Encodings are told apart by what comes out of them."""

import io

import pytest

from sentiment.errors import InputError
from sentiment.tables.encodings import DecodedLine, detect, known, mend, plausibility, text_blocks

SIMPLIFIED = "物流很快，但是质量太差。客服态度还不错，价格也便宜，下次还会再来买的。\n"
TRADITIONAL = "這家店的東西很好吃，服務也不錯，就是等太久了，價格有點貴，下次還會再來。\n"
HONG_KONG = "呢間餐廳啲嘢好好食，服務態度都幾好，不過要等好耐，價錢有啲貴。\n"
GERMAN = (
    "Die Lieferung kam später als geplant, der Service war schön und höflich – danke für alles.\n"
)
FRENCH = "Très déçu du café, la qualité n’est plus là. Livraison rapidé, à améliorer.\n"
JAPANESE = "配達は早かったですが、品質がとても悪いです。もう買いません。サービスは良かったです。\n"
KOREAN = "배송은 빨랐지만 품질이 너무 나빠요. 다시는 사지 않을 것입니다. 서비스는 좋았어요.\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (TRADITIONAL, "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (HONG_KONG, "big5hkscs", "big5hkscs"),
        (GERMAN, "cp1252", "cp1252"),
        (FRENCH, "cp1252", "cp1252"),
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        ("id,评论\n1," + SIMPLIFIED, "utf-16-be", "utf-16-be"),
        ("id,review\n1,good\n", "utf-16-le", "utf-16-le"),
        ("id,review\n1,good\n", "ascii", "utf-8"),
    ],
)
@pytest.mark.parametrize("times", [1, 50])
def test_encodings_are_found(text: str, encoding: str, found: str, times: int) -> None:
    assert detect(io.BytesIO((text * times).encode(encoding))) == found


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "shift_jis"), (KOREAN, "euc_kr")])
def test_the_rest_of_the_world_comes_out_readable(text: str, encoding: str) -> None:
    data = (text * 20).encode(encoding)
    assert data.decode(detect(io.BytesIO(data))) == text * 20


@pytest.mark.parametrize(
    "text", ["好用\n", "质量差\n", "很满意，下次还来\n", "订单号,评价\nA1,不错\n"]
)
def test_few_characters_are_enough_for_gbk(text: str) -> None:
    assert detect(io.BytesIO(text.encode("gbk"))) == "gb18030"


def test_what_is_not_ascii_may_come_late() -> None:
    data = b"plain line\n" * 300_000 + (SIMPLIFIED * 3).encode("gb18030")
    stream = io.BytesIO(data)
    assert detect(stream) == "gb18030"
    assert stream.tell() == 0


@pytest.mark.parametrize("ahead", [0, 1, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_cell_longer_than_what_is_looked_at(ahead: int, encoding: str) -> None:
    text = "text,score\n" + "a" * ahead + "很好但是太贵了。" * 60_000 + ",3\nok,4\n"
    assert detect(io.BytesIO(text.encode(encoding))) == encoding


def test_a_long_cell_that_begins_far_down() -> None:
    text = "a" * (2 << 20) + "很好但是太贵了。" * 100_000
    assert detect(io.BytesIO(text.encode())) == "utf-8"


def test_a_few_foreign_lines_do_not_make_the_file_something_else() -> None:
    data = SIMPLIFIED.encode() * 20 + SIMPLIFIED.encode("gbk") * 3
    assert detect(io.BytesIO(data)) == "utf-8"


def test_plausibility_prefers_text_that_people_write() -> None:
    data = SIMPLIFIED.encode("gbk")
    right = plausibility(data.decode("gbk"))
    wrong = plausibility(data.decode("big5hkscs", errors="replace"))
    assert right > 0.6
    assert wrong < 0.3


def test_mending_says_what_it_did() -> None:
    line = mend(SIMPLIFIED.encode("gbk"), "utf-8")
    assert line == SIMPLIFIED
    assert line.damage == "not utf-8: this line was read as gb18030"
    assert mend(b"abc \xff\xff\xff\x81", "utf-8").damage.endswith("undecodable characters")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be"])
def test_blocks_give_back_the_text(encoding: str) -> None:
    text = SIMPLIFIED * 40_000 + "no end"
    blocks = list(text_blocks(io.BytesIO(text.encode(encoding)), encoding, "\n"))
    assert len(blocks) > 1
    assert "".join(block if isinstance(block, str) else "".join(block) for block in blocks) == text
    assert all(isinstance(block, str) and block.endswith("\n") for block in blocks[:-1])


def test_damaged_lines_in_utf16_are_marked() -> None:
    data = "good\nbad ".encode("utf-16-le") + b"\x00\xd8" + "x\nfine\n".encode("utf-16-le")
    (block,) = text_blocks(io.BytesIO(data), "utf-16-le", "\n")
    assert [isinstance(line, DecodedLine) for line in block] == [False, True, False]


def test_a_name_that_is_no_encoding() -> None:
    assert known("GB2312") == "gb18030"
    with pytest.raises(InputError, match="no encoding is called 'klingon'"):
        known("klingon")
    for other in ("rot13", "base64", "a\0b"):
        with pytest.raises(InputError, match="no encoding is called"):
            known(other)


def test_one_odd_line_makes_plain_ascii_no_wide_encoding() -> None:
    """Only lines outside ASCII are looked at, and ten bytes of them fit anything."""
    for odd in (b";\xb1\n", b"\xc6\xc0 \xff\n"):
        data = b"id,review\n" + b"1,good value\n" * 20 + odd
        assert b"id,review".decode(detect(io.BytesIO(data))) == "id,review"


def test_a_mark_is_no_text_even_where_utf8_was_asked_for() -> None:
    data = ("a," + SIMPLIFIED).encode("utf-8-sig")
    for encoding in ("utf-8", "utf-8-sig"):
        assert list(text_blocks(io.BytesIO(data), encoding, "\n")) == ["a," + SIMPLIFIED]
        assert list(text_blocks(io.BytesIO(b"a"), encoding, "\n")) == ["a"]
        assert list(text_blocks(io.BytesIO(b""), encoding, "\n")) == []
