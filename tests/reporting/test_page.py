"""The page in a real browser: it makes no request, breaks nowhere, and says everything twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentiment.reporting.build import Report, report
from tests.reporting.rows import STARS, analyses
from tests.reporting.test_hostile import attacked_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def opened(chromium: Browser, page: Path) -> Iterator[Page]:
    """The page at desktop width; fails on an error, a console message of one, or a request."""
    yield from _open(chromium, page)


def _open(chromium: Browser, path: Path, **options: object) -> Iterator[Page]:
    faults: list[str] = []
    tab = chromium.new_page(viewport={"width": 1440, "height": 900}, **options)  # type: ignore[arg-type]
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    tab.on("request", lambda r: faults.append(r.url) if r.url != path.as_uri() else None)
    tab.on("dialog", lambda dialog: faults.append(dialog.message))
    tab.goto(path.as_uri())
    yield tab
    tab.close()
    assert faults == []


def test_the_switch_shows_one_language_at_a_time(opened: Page) -> None:
    assert opened.locator(".view-en").is_visible()
    assert not opened.locator(".view-zh").is_visible()
    opened.click("label[for=choose-zh]")
    assert opened.locator(".view-zh").is_visible()
    assert not opened.locator(".view-en").is_visible()
    assert opened.evaluate("document.documentElement.lang") == "zh-Hans"
    assert "先改什么，有多大把握" in opened.locator(".view-zh .hero").inner_text()


def test_the_switch_works_from_the_keyboard_and_keeps_the_place(opened: Page) -> None:
    opened.focus("#choose-en")
    opened.evaluate("document.getElementById('en-segments').scrollIntoView({behavior: 'instant'})")
    opened.wait_for_selector(".view-en .contents a.here[href='#en-segments']")
    opened.keyboard.press("ArrowRight")
    opened.wait_for_function(
        "Math.abs(document.getElementById('zh-segments').getBoundingClientRect().top) < 50"
    )
    assert opened.locator("#choose-zh").is_checked()


def test_quotes_are_filtered(opened: Page) -> None:
    voices = opened.locator(".view-en .voices")
    shown = voices.locator(".quote:visible")
    assert shown.count() == 12
    voices.locator(".more").click()
    everything = shown.count()
    assert everything == voices.locator(".quote").count() > 40
    voices.locator("select[name=code]").select_option("delivery.speed")
    voices.locator("select[name=polarity]").select_option("negative")
    assert shown.count() == 3
    for quote in shown.all():
        assert "Delivery: speed and punctuality" in quote.inner_text()
        assert quote.locator("mark.negative").count() == 1
    voices.locator("select[data-column=渠道]").select_option("App")
    assert shown.count() <= 3
    voices.locator("select[name=code]").select_option("")
    voices.locator("select[name=polarity]").select_option("")
    assert 3 < shown.count() < everything


def test_a_figure_tells_its_interval_when_pointed_at(opened: Page) -> None:
    row = opened.locator("#en-topics .row:not(.head)").first
    tip = row.locator(".tip")
    assert not tip.is_visible()
    row.hover()
    opened.wait_for_function("e => getComputedStyle(e).opacity === '1'", arg=tip.element_handle())
    assert "n = " in tip.inner_text()
    assert "[" in tip.inner_text()


def test_without_scripts_everything_is_there(chromium: Browser, page: Path) -> None:
    for tab in _open(chromium, page, java_script_enabled=False):
        quotes = tab.locator(".view-en .quote")
        assert quotes.count() > 40
        assert quotes.last.is_visible()
        assert not tab.locator(".view-en .filter").is_visible()
        tab.click("label[for=choose-zh]")
        assert tab.locator(".view-zh").is_visible()
        assert not tab.locator(".view-en").is_visible()
        assert tab.locator(".view-zh .picture:visible").count() > 60


def test_nothing_is_wider_than_a_phone(chromium: Browser, page: Path) -> None:
    for tab in _open(chromium, page):
        tab.set_viewport_size({"width": 390, "height": 844})
        for language in ("en", "zh"):
            tab.click(f"label[for=choose-{language}]")
            assert tab.evaluate("document.documentElement.scrollWidth") == 390
            # Every text can be read: nothing is scaled down with its picture.
            sizes = tab.evaluate(
                """language => [...document.querySelectorAll(`.view-${language} text`)]
                    .filter(e => e.getClientRects().length)
                    .map(e => parseFloat(getComputedStyle(e).fontSize))""",
                language,
            )
            assert min(sizes) >= 11


def test_the_verdict_of_a_change_is_seen_on_a_phone(chromium: Browser, page: Path) -> None:
    for tab in _open(chromium, page):
        tab.set_viewport_size({"width": 390, "height": 844})
        for language in ("en", "zh"):
            tab.click(f"label[for=choose-{language}]")
            hidden = tab.evaluate(
                """language => [...document.querySelectorAll(`.view-${language} .scroll`)]
                    .filter(e => e.closest("section, .block") && e.querySelector(".plain tr[class]"))
                    .map(e => e.scrollWidth - e.clientWidth)""",
                language,
            )
            assert hidden
            assert max(hidden) <= 0


def test_segments_are_seen_beside_their_rows_on_a_phone(chromium: Browser, page: Path) -> None:
    for tab in _open(chromium, page):
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.click("label[for=choose-en]")
        shares = tab.evaluate(
            """() => [...document.querySelectorAll(".view-en .heat th[scope=row]")]
                .map(e => e.offsetWidth / e.closest(".scroll").clientWidth)"""
        )
        assert shares
        assert max(shares) < 0.45


def test_every_character_has_a_glyph(chromium: Browser, page: Path) -> None:
    """A character without a glyph is drawn as the same box whatever it is."""
    for tab in _open(chromium, page):
        tab.click("label[for=choose-zh]")
        missing = tab.evaluate(
            """() => {
                const canvas = document.createElement("canvas");
                canvas.width = canvas.height = 48;
                const pen = canvas.getContext("2d", {willReadFrequently: true});
                const draw = (character, family) => {
                    pen.clearRect(0, 0, 48, 48);
                    pen.font = "32px " + family;
                    pen.fillText(character, 4, 36);
                    return pen.getImageData(0, 0, 48, 48).data.join();
                };
                const found = [];
                for (const selector of [".view-zh", ".view-zh h1", ".view-zh blockquote"]) {
                    const element = document.querySelector(selector);
                    const family = getComputedStyle(element).fontFamily;
                    const nothing = draw("\\u{10FFFD}", family);
                    const words = document.querySelector(".view-zh").textContent;
                    for (const character of new Set(words)) {
                        if (character.trim() && draw(character, family) === nothing) {
                            found.push(character);
                        }
                    }
                }
                return found;
            }"""
        )
        assert missing == []


def test_hostile_words_do_not_run(chromium: Browser, tmp_path: Path) -> None:
    made: Report = report(
        attacked_rows(analyses(120)), outcome=STARS, by="渠道", id="订单号", bootstrap=20
    )
    for tab in _open(chromium, made.save(tmp_path / "hostile.html")):
        assert "owned" not in tab.title()
        assert tab.locator("img").count() == 0
        assert tab.locator("script").count() == 1
        assert tab.locator(".view-en .quote").count() >= 1


def test_it_prints_in_the_chosen_language(chromium: Browser, page: Path) -> None:
    for tab in _open(chromium, page):
        tab.emulate_media(media="print")
        assert not tab.locator(".switch").is_visible()
        assert not tab.locator(".view-zh").is_visible()
        assert not tab.locator(".view-en .filter").is_visible()
        assert tab.locator(".view-en .quote").last.is_visible()
