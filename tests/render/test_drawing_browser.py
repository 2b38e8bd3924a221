"""A saved drawing in a real browser: after the last step it shows the adjoints that `.grad` has."""

from __future__ import annotations

import shutil

import pytest

from autograd_mini import Tensor, Value
from autograd_mini.render import draw
from autograd_mini.render.picture import short
from tests.render.graphs import HOSTILE, needs_graphviz, regularised

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    needs_graphviz,
]


@pytest.fixture(scope="module")
def browser():
    """Start Chromium once for all tests."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_drawing(browser, tmp_path):
    """Give a function that saves and opens a drawing; nothing may be said, asked or fetched."""
    said = []
    tab = browser.new_page(reduced_motion="reduce")
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
    tab.on("request", lambda request: said.append(request.url))

    def opener(drawing):
        url = drawing.save(tmp_path / "g.html").as_uri()
        tab.goto(url)
        assert said == [url]
        said.clear()
        return tab

    yield opener
    tab.close()
    assert said == []


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_the_last_step_shows_every_grad(open_drawing, kind):
    """From nothing to the end of the sweep, each box comes to show the `.grad` of its node."""
    _, loss = regularised(kind)
    loss.backward()
    drawing = draw(loss)
    tab = open_drawing(drawing)
    swept = [box for box in drawing.picture.boxes if box.adjoint is not None]
    tab.keyboard.press("Home")
    assert tab.locator(".node.unswept").count() == len(swept)
    tab.keyboard.press("End")
    assert tab.locator(".node.unswept").count() == 0
    shown = {box.id: tab.locator(f"#{box.id} .adjoint").text_content() for box in swept}
    assert shown == {box.id: f"adjoint {short(box.nodes[0].grad)}" for box in swept}


@pytest.mark.parametrize("settings", [{"depth": 1}, {"depth": 2}, {"fold": "neurons"}])
def test_folded_pictures_play(open_drawing, settings):
    """The player walks through folded pictures, and each step lights its box."""
    _, loss = regularised(Value)
    loss.backward()
    drawing = draw(loss, **settings)
    tab = open_drawing(drawing)
    tab.keyboard.press("Home")
    for box in drawing.picture.boxes:
        tab.keyboard.press("ArrowRight")
        assert tab.locator(".node.lit").get_attribute("id") == box.id


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_nothing(open_drawing, name):
    """A name of a node runs no script and adds no element to the page; search lists it as it is."""
    x = Value(1.0, name=name)
    tab = open_drawing(draw(x.relu(), contributions=True))
    assert tab.locator("#names option").first.get_attribute("value") == name
    assert tab.locator("#stage svg script, #stage b, #stage img").count() == 0
