"""The player in a real browser: it walks, zooms, finds, folds, and tells; by mouse and by keys."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import graphviz
import pytest

from autograd_mini.errors import LayoutError
from autograd_mini.render.layout import layout
from autograd_mini.render.player import notebook, page
from tests.render.test_player import HOSTILE, renamed, tanh_story

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium once for all tests."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens a document; in the end no error and no request may have come."""
    said: list[str] = []
    opened = []

    def opener(html: str, **settings: Any) -> Any:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        tab = browser.new_page(viewport={"width": 1000, "height": 640}, **settings)
        tab.on("console", lambda message: said.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: said.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.accept()))
        tab.on("request", lambda request: said.append(f"request: {request.url}"))
        opened.append(tab)
        tab.goto(path.as_uri())
        assert said.pop(0) == f"request: {path.as_uri()}"
        return tab

    yield opener
    for tab in opened:
        tab.close()
    assert said == []


@pytest.fixture
def player(open_page: Open) -> Any:
    """Open the player of c = tanh(a · b + exp(a)), motion reduced, so that nothing takes time."""
    return open_page(page(drawn(STORY), STORY), reduced_motion="reduce")


STORY = tanh_story()


def drawn(story: dict[str, Any]) -> str:
    """Return the picture of a story, laid out by Graphviz."""
    graph = graphviz.Digraph()
    parts = {
        id: graphviz.Digraph(f"cluster_{id}", graph_attr={"id": id, "label": c["name"]})
        for id, c in story["clusters"].items()
    }
    inner_first = list(reversed(parts))
    for id, node in story["nodes"].items():
        home = next((parts[c] for c in inner_first if id in story["clusters"][c]["nodes"]), graph)
        adjoint = node["adjoint"] or "not computed"
        label = f"{node['name']} {node['operation']}\n{node['value']}\nadjoint {adjoint}"
        kind = {"class": node["kind"], "style": "filled", "fillcolor": "#fdb863"}
        home.node(id, label=label, id=id, tooltip=label, **kind)
    for id in inner_first:
        parent = story["clusters"][id]["parent"]
        (parts[parent] if parent else graph).subgraph(parts[id])
    for id, edge in story["edges"].items():
        graph.edge(edge["from"], edge["to"], id=id, label=edge["local"])
    try:
        return layout(graph.source, "svg").decode()
    except LayoutError as error:
        pytest.skip(str(error))


def text_of(tab: Any, id: str) -> str:
    """Return what an element says."""
    return tab.locator(f"#{id}").text_content()


def shown(tab: Any, name: str) -> dict[str, str]:
    """Return for each node on which a number is seen that line: its value or its adjoint."""
    lines = {id: tab.locator(f"#{id} .{name}") for id in STORY["nodes"]}
    return {id: line.text_content() for id, line in lines.items() if line.is_visible()}


def lit(tab: Any) -> set[str]:
    """Return the ids of what is lit."""
    return set(tab.eval_on_selector_all(".lit", "all => all.map(element => element.id)"))


def card(tab: Any) -> dict[str, str]:
    """Return what the card says, as names and texts."""
    facts = tab.locator("#card dt, #card dd").all_text_contents()
    return dict(zip(facts[::2], facts[1::2], strict=True))


def expected(numbers: dict[str, str]) -> dict[str, str]:
    """Return the lines that show adjoints."""
    return {id: f"adjoint {number}" for id, number in numbers.items()}


ADJOINTS = {id: node["adjoint"] for id, node in STORY["nodes"].items()}
VALUES = {id: node["value"] for id, node in STORY["nodes"].items()}


def test_page_opens_on_the_whole_picture(player: Any) -> None:
    """Before anything is touched, every value and every adjoint of the story is seen."""
    assert shown(player, "adjoint") == expected(ADJOINTS)
    assert shown(player, "value") == VALUES
    assert text_of(player, "phase") == "reverse 6 of 6"


def test_slider_walks_forward_and_then_in_reverse(player: Any) -> None:
    """At each place of the slider just the steps before it are done; at the end all of them."""
    slider = player.locator("#slider")
    walked = STORY["forward"] + STORY["reverse"]
    assert slider.get_attribute("max") == str(len(walked))
    for k in range(len(walked) + 1):
        slider.fill(str(k))
        forward = [step["node"] for step in STORY["forward"][:k]]
        reverse = [step["node"] for step in STORY["reverse"][: max(0, k - len(STORY["forward"]))]]
        assert shown(player, "value") == {id: VALUES[id] for id in forward}
        assert shown(player, "adjoint") == expected({id: ADJOINTS[id] for id in reverse})
        if k:
            assert lit(player) == {walked[k - 1]["node"], *walked[k - 1]["edges"]}
            assert text_of(player, "text") == walked[k - 1]["text"]
    assert shown(player, "adjoint") == expected(ADJOINTS)


def test_keys_alone_walk_through_all_steps(player: Any) -> None:
    """Home, the arrows and End go to the first, next, previous and last step, and say so."""
    phases = []
    player.keyboard.press("Home")
    assert text_of(player, "phase") == "start"
    for _ in range(12):
        player.keyboard.press("ArrowRight")
        phases.append(text_of(player, "phase"))
    forward = [f"forward {k} of 6" for k in range(1, 7)]
    assert phases == forward + [f"reverse {k} of 6" for k in range(1, 7)]
    player.keyboard.press("ArrowRight")
    assert text_of(player, "phase") == "reverse 6 of 6"
    player.keyboard.press("ArrowLeft")
    assert text_of(player, "phase") == "reverse 5 of 6"
    player.keyboard.press("End")
    assert shown(player, "adjoint") == expected(ADJOINTS)


def test_arrows_on_the_slider_take_one_step(player: Any) -> None:
    """A key pressed on the slider moves it once, not once for the slider and once for the page."""
    player.locator("#slider").focus()
    player.keyboard.press("ArrowLeft")
    assert text_of(player, "phase") == "reverse 5 of 6"
    assert player.locator("#slider").get_attribute("aria-valuetext") == "reverse 5 of 6"


def test_buttons_walk(player: Any) -> None:
    """Each button does what its name says."""
    for name, phase in (
        ("First step", "start"),
        ("Next step", "forward 1 of 6"),
        ("Last step", "reverse 6 of 6"),
        ("Previous step", "reverse 5 of 6"),
    ):
        player.get_by_role("button", name=name).click()
        assert text_of(player, "phase") == phase


def test_space_plays_from_the_start_to_the_end(open_page: Open) -> None:
    """Played from the end, it starts over, shows every step, and stops at the last one."""
    html = page(drawn(STORY), STORY)
    tab = open_page("<!doctype html>")
    tab.clock.install()
    tab.set_content(html)
    tab.keyboard.press(" ")
    assert text_of(tab, "phase") == "start"
    assert tab.locator("#text").get_attribute("aria-live") == "off"
    tab.clock.run_for(3_000)
    assert text_of(tab, "phase") == "forward 3 of 6"
    tab.keyboard.press(" ")
    tab.clock.run_for(10_000)
    assert text_of(tab, "phase") == "forward 3 of 6"
    tab.keyboard.press(" ")
    tab.clock.run_for(60_000)
    assert shown(tab, "adjoint") == expected(ADJOINTS)
    assert tab.get_by_role("button", name="Play").count() == 1
    assert tab.locator("#text").get_attribute("aria-live") == "polite"


def test_hover_shows_what_is_known_of_a_node(player: Any) -> None:
    """The card has name, operation, value, module and adjoint, and the terms of the adjoint."""
    player.locator("#n0").hover()
    use, other = (STORY["edges"][id] for id in ("e2_0", "e3_0"))
    assert card(player) == {
        "name": "a",
        "operation": "input",
        "value": "2",
        "adjoint": ADJOINTS["n0"],
        "from p": f"-3 × {ADJOINTS['n2']} = {use['contribution']}",
        "from e": f"{other['local']} × {ADJOINTS['n3']} = {other['contribution']}",
    }
    player.locator("#n2").hover()
    assert card(player)["module"] == "outer/inner"
    player.locator("header h1").hover()
    assert player.locator("#card").is_hidden()


def test_hover_shows_what_an_edge_passes_on(player: Any) -> None:
    """Near an edge, the card has its ends, its local derivative and its contribution."""
    middle = player.evaluate(
        """() => {
          const path = document.querySelector("#e2_1 path:not(.reach)");
          const { x, y } = path.getPointAtLength(path.getTotalLength() / 2)
            .matrixTransform(path.getScreenCTM());
          return [x, y];
        }"""
    )
    player.mouse.move(middle[0] + 3, middle[1])
    contribution = STORY["edges"]["e2_1"]["contribution"]
    told = {"from": "b", "to": "p", "local derivative": "2", "contribution": contribution}
    assert card(player) == told


def test_card_knows_only_what_is_computed_so_far(player: Any) -> None:
    """At the start neither value nor adjoint is computed; after the forward part the value is."""
    player.keyboard.press("Home")
    player.locator("#n4").hover()
    assert (card(player)["value"], card(player)["adjoint"]) == ("not computed", "not computed")
    player.locator("#slider").fill("6")
    player.locator("#n4").hover()
    assert (card(player)["value"], card(player)["adjoint"]) == (VALUES["n4"], "not computed")


def test_tab_goes_from_node_to_node_and_shows_the_card(player: Any) -> None:
    """By Tab alone every node and every module gets the focus, and its card with it."""
    reached = {}
    for _ in range(40):
        player.keyboard.press("Tab")
        id = player.evaluate("document.activeElement.id")
        if id in STORY["nodes"]:
            reached[id] = card(player)["adjoint"]
        elif id in STORY["clusters"]:
            reached[id] = card(player)["module"]
    assert reached == {**ADJOINTS, "c0": "outer", "c1": "inner"}
    player.locator("#n0").focus()
    player.keyboard.press("Escape")
    assert player.locator("#card").is_hidden()


def test_without_a_sweep_adjoints_are_not_computed(open_page: Open) -> None:
    """Before any backward() the walk ends with the forward part, and no adjoint reads 0."""
    story = copy.deepcopy(STORY)
    story["reverse"] = []
    for node in story["nodes"].values():
        node["adjoint"] = None
    for edge in story["edges"].values():
        edge["contribution"] = None
    tab = open_page(page(drawn(story), story))
    assert text_of(tab, "phase") == "forward 6 of 6"
    assert tab.get_by_text("adjoint not computed").count() == len(story["nodes"])
    tab.locator("#n2").focus()
    assert card(tab)["adjoint"] == card(tab)["from s"] == "not computed"


@pytest.mark.parametrize("kind", ["constant", "random"])
def test_what_is_not_differentiated_has_no_adjoint(open_page: Open, kind: str) -> None:
    """The card of a constant or of a random source does not speak of adjoints."""
    story = copy.deepcopy(STORY)
    story["nodes"]["n1"] |= {"kind": kind, "adjoint": None}
    tab = open_page(page(drawn(story), story))
    tab.locator("#n1").focus()
    assert card(tab) == {"name": "b", "operation": kind, "value": "-3"}


def test_search_lights_what_it_finds_and_enter_goes_there(open_page: Open) -> None:
    """Part of a name lights the nodes with it, best first; Enter goes to one, then to the next."""
    story = copy.deepcopy(STORY)
    for id, name in {"n0": "my weight", "n1": "Weight"}.items():
        story["nodes"][id]["name"] = name
    tab = open_page(page(drawn(story), story))
    tab.keyboard.press("/")
    tab.keyboard.type("weig")
    assert set(tab.eval_on_selector_all(".found", "all => all.map(e => e.id)")) == {"n0", "n1"}
    assert text_of(tab, "finds") == "2 found"
    for id, place in (("n1", "1 of 2"), ("n0", "2 of 2"), ("n1", "1 of 2")):
        tab.locator("#search").press("Enter")
        assert tab.evaluate("document.activeElement.id") == id
        assert text_of(tab, "finds") == place
        assert card(tab)["name"] == story["nodes"][id]["name"]
    names = tab.eval_on_selector_all("#names option", "all => all.map(e => e.value)")
    assert names == [node["name"] for node in story["nodes"].values()]
    tab.locator("#search").fill("nothing is called so")
    assert text_of(tab, "finds") == "0 found"
    assert tab.locator(".found").count() == 0


def test_search_opens_the_modules_around_what_it_finds(player: Any) -> None:
    """A node hidden in two folded modules is shown when it is gone to."""
    for id in ("c1", "c0"):
        player.locator(f"#{id}").press("Enter")
    assert player.locator("#n2").is_hidden()
    player.locator("#search").fill("p")
    player.locator("#search").press("Enter")
    assert player.locator("#n2").is_visible()
    assert player.locator(".folded").count() == 0


@pytest.mark.parametrize("how", ["click", "Enter", " "])
def test_a_module_folds_and_unfolds(player: Any, how: str) -> None:
    """Folded, a box with name and number of nodes stands for nodes and edges inside; then back."""
    before = player.locator("#graph0").inner_html()

    def press(label: str) -> None:
        if how == "click":
            player.locator(f"#c1 text:text-is('{label}')").locator("visible=true").click()
        else:
            player.locator("#c1").press(how)

    press("inner")
    hidden = player.eval_on_selector_all(".hidden", "all => all.map(element => element.id)")
    assert set(hidden) == {"n2", "n3"}
    signs = player.locator("#c1 text").locator("visible=true").all_text_contents()
    assert signs == ["inner", "2 nodes"]
    assert player.locator("#c1").get_attribute("aria-expanded") == "false"
    press("2 nodes")
    assert player.locator(".hidden").count() == 0
    player.locator("#c1").evaluate("element => element.blur()")
    after = player.locator("#graph0").inner_html()
    assert after.replace(' class="cluster"', "") == before.replace(' class="cluster"', "")


def test_an_outer_module_hides_inner_ones_and_the_edges_inside(player: Any) -> None:
    """Edges with both ends inside are hidden, those that cross the border are not."""
    player.locator("#c0").press("Enter")
    hidden = player.eval_on_selector_all(".hidden", "all => all.map(element => element.id)")
    assert set(hidden) == {"c1", "n2", "n3", "n4", "e4_0", "e4_1"}
    assert player.locator("#e2_0").is_visible()


def test_a_folded_module_is_lit_for_the_nodes_inside(player: Any) -> None:
    """The walk goes on while a module is folded: its box is lit in their place."""
    player.locator("#c1").press("Enter")
    player.locator("#slider").fill("3")
    assert lit(player) == {"c1", "e2_0", "e2_1"}
    player.locator("#c1").press("Enter")
    assert lit(player) == {"n2", "e2_0", "e2_1"}


def place(tab: Any, id: str) -> Any:
    """Return where an element is on the screen."""
    return tab.locator(f"#{id}").bounding_box()


def test_zoom_and_pan(player: Any) -> None:
    """Keys, wheel and drag zoom and move the picture; 0 brings the whole picture back."""
    whole = place(player, "n0")
    player.keyboard.press("+")
    larger = place(player, "n0")
    assert larger["width"] == pytest.approx(1.25 * whole["width"], rel=0.01)
    player.keyboard.press("-")
    assert place(player, "n0")["width"] == pytest.approx(whole["width"], rel=0.01)
    player.keyboard.press("Shift+ArrowLeft")
    assert place(player, "n0")["x"] == pytest.approx(whole["x"] + 60, abs=1)
    player.keyboard.press("0")
    assert place(player, "n0") == pytest.approx(whole, abs=1)
    x, y = whole["x"] + whole["width"] / 2, whole["y"] + whole["height"] / 2
    player.mouse.move(x, y)
    player.mouse.wheel(0, -300)
    zoomed = place(player, "n0")
    assert zoomed["width"] == pytest.approx(2 * whole["width"], rel=0.01)
    assert zoomed["x"] + zoomed["width"] / 2 == pytest.approx(x, abs=1)
    player.mouse.down()
    player.mouse.move(x + 30, y + 40, steps=3)
    player.mouse.up()
    moved = place(player, "n0")
    assert (moved["x"], moved["y"]) == pytest.approx((zoomed["x"] + 30, zoomed["y"] + 40), abs=1)


def test_a_drag_over_a_module_folds_nothing(player: Any) -> None:
    """Pressed on a module's name and moved, the pointer moves the picture and no more."""
    name = player.locator("#c1 text:text-is('inner')").locator("visible=true").bounding_box()
    player.mouse.move(name["x"] + 5, name["y"] + 5)
    player.mouse.down()
    player.mouse.move(name["x"] + 65, name["y"] + 35, steps=4)
    player.mouse.up()
    assert player.locator(".folded").count() == 0


def test_the_walk_keeps_the_node_in_use_in_view(player: Any) -> None:
    """Zoomed in, the picture follows the steps."""
    for _ in range(8):
        player.keyboard.press("+")
    frame = place(player, "stage")
    for step in STORY["reverse"]:
        player.keyboard.press("ArrowLeft")
        box = player.locator(".node.lit").bounding_box()
        assert frame["x"] <= box["x"] + box["width"] / 2 <= frame["x"] + frame["width"], step
        assert frame["y"] <= box["y"] + box["height"] / 2 <= frame["y"] + frame["height"], step


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_meets_aa_in_light_and_dark(open_page: Open, scheme: str) -> None:
    """Text has 4.5:1 on every ground it stands on, lines and marks 3:1; dark mode is dark."""
    tab = open_page(page(drawn(STORY), STORY), color_scheme=scheme)

    def ratio(one: str, other: str) -> float:
        colours = [
            tab.evaluate(
                "name => getComputedStyle(document.documentElement).getPropertyValue(name)",
                f"--{name}",
            )
            for name in (one, other)
        ]
        low, high = sorted(luminance(colour.strip()) for colour in colours)
        return (high + 0.05) / (low + 0.05)

    for ground in ("paper", "panel", "box"):
        assert ratio("ink", ground) >= 4.5, ground
        assert ratio("soft", ground) >= 4.5, ground
    for text in ("forward", "reverse"):
        assert ratio(text, "paper") >= 4.5, text
    for mark in ("line", "found"):
        assert ratio(mark, "paper") >= 3, mark
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 28)"}[scheme]


@pytest.mark.parametrize(("motion", "animations"), [("reduce", 0), ("no-preference", 1)])
def test_reduced_motion_is_respected(open_page: Open, motion: str, animations: int) -> None:
    """The edge in use flows, but not where the reader wants no motion."""
    tab = open_page(page(drawn(STORY), STORY), reduced_motion=motion)
    tab.locator("#slider").fill("8")
    assert tab.evaluate("document.getAnimations().length") == animations
    assert "e5_0" in lit(tab)


def test_works_in_the_sandboxed_frame_of_a_notebook(open_page: Open) -> None:
    """In the frame the player runs, keys and all, and the page around it sees none of it."""
    tab = open_page("<!doctype html><title>notebook</title>" + notebook(drawn(STORY), STORY))
    frame = tab.frame_locator("iframe")
    assert frame.locator("#phase").text_content() == "reverse 6 of 6"
    frame.locator("#n0").focus()
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    assert frame.locator("#phase").text_content() == "forward 1 of 6"
    frame.locator("#slider").fill("12")
    for id, adjoint in ADJOINTS.items():
        assert frame.locator(f"#{id} .adjoint").text_content() == f"adjoint {adjoint}"
        assert frame.locator(f"#{id} .adjoint").is_visible()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_text(open_page: Open, name: str) -> None:
    """A name that looks like markup or code is shown as it is, and nothing of it runs."""
    story = renamed(STORY, name)
    tab = open_page(page(drawn(STORY), story))
    tab.keyboard.press("ArrowLeft")
    assert text_of(tab, "text") == name
    tab.locator("#n2").focus()
    assert card(tab)["name"] == card(tab)["formula"] == name
    tab.locator("#c1").press("Enter")
    assert tab.locator("#c1 .sign").first.text_content() == name
    tab.locator("#search").fill(name.strip()[:5])
    assert tab.locator("script").count() == 2
    assert tab.locator("img").count() == 0


def test_a_script_in_the_picture_does_not_run(browser: Any) -> None:
    """Even if markup came through with the picture, the page's policy keeps it from running."""
    svg = drawn(STORY).replace("</svg>", "<script>document.title = 'ran'</script></svg>")
    tab = browser.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.set_content(page(svg, STORY))
    assert tab.title() == STORY["title"]
    assert len(said) == 1
    assert "Content Security Policy" in said[0]
    assert text_of(tab, "phase") == "reverse 6 of 6"
    tab.close()


def test_everything_has_a_role_and_a_name(player: Any) -> None:
    """Who hears the page finds buttons, the slider, the search, the nodes and the modules."""
    buttons = ("Play", "First step", "Zoom in", "Zoom out", "Fit", "outer, 3 nodes")
    for name in buttons:
        assert player.get_by_role("button", name=name, exact=True).count() == 1, name
    assert player.get_by_role("slider", name="Step", exact=True).count() == 1
    assert player.get_by_label("Find a node by name").count() == 1
    for node in STORY["nodes"].values():
        name = f"{node['name']}, {node['operation'] or node['kind']}"
        assert player.get_by_role("img", name=name, exact=True).count() == 1, name


@pytest.mark.parametrize("id", ["n4", "n0"])
def test_focus_is_seen(player: Any, id: str) -> None:
    """A node that has the focus has a wide outline of its own colour, also where it is lit."""
    outline = """element => {
      const { stroke, strokeWidth } = getComputedStyle(element.querySelector("ellipse"));
      return [stroke, strokeWidth];
    }"""
    node = player.locator(f"#{id}")
    before = node.evaluate(outline)
    player.keyboard.press("Tab")
    node.focus()
    after = node.evaluate(outline)
    assert lit(player) & {"n0", "n4"} == {"n0"}
    assert after[0] != before[0]
    assert after[1] == "4px"


def test_help_tells_the_keys(player: Any) -> None:
    """A question mark opens the list of keys, Esc closes it."""
    keys = player.locator("#help dl")
    assert keys.is_hidden()
    player.keyboard.press("?")
    assert keys.is_visible()
    player.keyboard.press("Escape")
    assert keys.is_hidden()


def test_fits_a_narrow_screen(player: Any) -> None:
    """At 390 pixels nothing is wider than the screen, and the picture is seen whole."""
    player.set_viewport_size({"width": 390, "height": 700})
    assert player.evaluate("document.documentElement.scrollWidth") == 390
    for id in STORY["nodes"]:
        box = place(player, id)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
