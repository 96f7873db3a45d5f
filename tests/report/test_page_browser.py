"""Pages in a browser: no complaint, no request, nothing cut off, nothing that names could do."""

from functools import cache
from pathlib import Path

import pytest
from browser import Browser, browser
from report_pages import HOSTILE, MADE, PLAIN, extras, projection, rules, study

from segrules.report.page.build import html
from segrules.report.page.projection import projection_page
from segrules.report.page.study import study_page

__all__ = ["browser"]

DESK, PHONE = 1200, 380


@cache
def text_of(kind: str) -> str:
    if kind == "study":
        return html(study_page(study(), rules().ruleset, MADE))
    names, given = (HOSTILE, extras()) if kind == "hostile" else (PLAIN, None)
    return html(projection_page(projection(names), rules(names).ruleset, MADE, given))


def page_at(folder: Path, kind: str) -> Path:
    page = folder / f"{kind}.html"
    page.write_text(text_of(kind), encoding="utf-8")
    return page


KINDS = ("projection", "study", "hostile")


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("kind", KINDS)
def test_page_opens_without_a_complaint_or_a_request(
    browser: Browser, tmp_path: Path, kind: str, width: int
) -> None:
    page = page_at(tmp_path, kind)
    browser.open(page, width)
    assert browser.console == []
    assert [url for url in browser.asked if not url.startswith("data:")] == [page.as_uri()]
    panels = browser.run("return document.querySelectorAll('.panel').length")
    assert panels == text_of(kind).count('<div class="panel">') > 0
    assert browser.run("return document.querySelectorAll('.drawn > .live svg').length") == panels


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_a_phone(browser: Browser, tmp_path: Path, kind: str) -> None:
    browser.open(page_at(tmp_path, kind), PHONE)
    for opened in ("false", "true"):
        browser.run(f"document.querySelectorAll('details').forEach(d => d.open = {opened})")
        wide, high = browser.run(
            "const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]"
        )
        assert wide <= PHONE
        assert high > 1_000
    beyond = browser.run(
        "return [...document.querySelectorAll('.live svg')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth).length"
    )
    assert beyond == 0
    smallest = browser.run(
        "return Math.min(...[...document.querySelectorAll('p, td, th, li, dd')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 14


def test_charts_are_as_wide_as_their_place(browser: Browser, tmp_path: Path) -> None:
    page = page_at(tmp_path, "projection")
    for width in (DESK, PHONE):
        browser.open(page, width)
        shares = browser.run(
            "return [...document.querySelectorAll('.live')].map("
            "e => e.querySelector('svg').getBoundingClientRect().width / e.clientWidth)"
        )
        assert all(0.9 < share <= 1.01 for share in shares), (width, shares)


def test_names_do_nothing_not_even_under_the_pointer(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_at(tmp_path, "hostile"))
    shown = browser.run(
        """
        const told = [];
        for (const mark of document.querySelectorAll('.live svg g[class*=mark] path')) {
          const at = mark.getBoundingClientRect();
          const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
          const where = {bubbles: true, clientX: x, clientY: y};
          mark.dispatchEvent(new PointerEvent('pointermove', where));
          mark.dispatchEvent(new MouseEvent('mousemove', where));
          const tip = document.querySelector('#vg-tooltip-element');
          if (tip && tip.textContent) told.push(tip.textContent);
        }
        return told;
        """
    )
    assert any("onerror=" in text for text in shown), "no name was shown"
    assert browser.run("return window.hit === undefined")
    assert browser.run("return document.querySelectorAll('img, b').length") == 0
    assert browser.run("return document.scripts.length") == text_of("hostile").count("<script")


def test_a_script_that_slipped_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "slipped.html"
    text = text_of("study")
    page.write_text(
        text.replace("<main>", "<main><script>window.hit = 1</script><img src=x onerror='hit=1'>"),
        encoding="utf-8",
    )
    browser.open(page)
    assert browser.run("return window.hit === undefined")
    assert any("Content Security Policy" in said for said in browser.console)


@pytest.mark.parametrize("kind", KINDS)
def test_paper_has_the_still_pictures_and_every_table(
    browser: Browser, tmp_path: Path, kind: str
) -> None:
    browser.open(page_at(tmp_path, kind), 794, medium="print")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    for selector, seen in ((".still svg", True), (".live", False), ("nav", False)):
        heights = browser.run(
            f"return [...document.querySelectorAll('{selector}')].map(e => e.clientHeight)"
        )
        assert heights
        assert all((height > 0) == seen for height in heights), selector
    tables = browser.run(
        "return [...document.querySelectorAll('table')].map(e => e.getBoundingClientRect())"
        ".map(e => [e.height, e.right])"
    )
    assert all(high > 20 and right <= 794 for high, right in tables)
    assert browser.pdf().startswith(b"%PDF")
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0


def test_without_scripts_the_pictures_are_there(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_at(tmp_path, "study"), scripts=False)
    document = browser.command("DOM.getDocument")["root"]["nodeId"]
    found = browser.command("DOM.querySelectorAll", nodeId=document, selector=".still svg")
    assert len(found["nodeIds"]) == text_of("study").count('<div class="panel">')
    for node in found["nodeIds"]:
        assert browser.command("DOM.getBoxModel", nodeId=node)["model"]["height"] > 50
