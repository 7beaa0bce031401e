"""The map in a real browser: the modules of recommender/page/parts/map on a page of their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, JSHandle, Locator, Page, expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from recommender.api.application import create_app
from recommender.api.front import PARTS
from recommender.api.routes.pages import POLICY
from tests.expectations import FILMS
from tests.recommender.web import LOCAL, PHONE, Watch, assert_accessible, open_page, serving

# All that a page with the map in it must have for these tests.
HOST, CANVAS, BUTTONS = "#mapa", ".map-canvas", ".map-buttons button"
LEGEND, TIP, SAID, YOURS = ".map-legend button", ".map-tip", ".map-said", ".map-yours"
FOUND, HINT = ".map-found", ".map-hinting"

HTML = """<!doctype html><html lang="pt-BR"><meta charset="utf-8"><title>Mapa</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="index.css"><link rel="stylesheet" href="parts/map/map.css">
<main><h1>Mapa</h1><section id="mapa"></section><p class="tall">Fim</p></main>
<script type="module" src="main.js"></script></html>"""
SCRIPT = """import { createMap } from "./parts/map/map.js";
let language = "pt";
window.opened = [];
const ask = async (path) => {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
};
window.map = createMap(document.querySelector("#mapa"),
  { ask, language: () => language, open: (id) => opened.push(id) });
window.speak = (other) => { language = other; map.translate(); };
map.load();
"""


def mounted(api: Any, *routes: Route) -> Starlette:
    """The page, the parts and an API under one origin."""

    async def page(_: Any) -> Response:
        return HTMLResponse(HTML, headers={"Content-Security-Policy": POLICY})

    async def script(_: Any) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    async def style(_: Any) -> Response:
        text = (PARTS / "index.css").read_text() + ".tall { height: 200vh }"
        return Response(text, media_type="text/css")

    own = [Route("/page", page), Route("/main.js", script), Route("/index.css", style)]
    parts = Mount("/parts", StaticFiles(directory=PARTS))
    return Starlette(routes=[*routes, *own, parts, Mount("/", api)])


@pytest.fixture(scope="module")
def url(artifact_dir: Path) -> Iterator[str]:
    with serving(mounted(create_app(artifact_dir, LOCAL))) as url:
        yield url


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page for a reader without animations, whose waits would make tests slow."""
    with open_page(chromium, reduced_motion="reduce") as page:
        yield page


def show(page: Page, url: str) -> Locator:
    """Open the page, wait for the map, and return its canvas."""
    page.goto(f"{url}/page")
    canvas = page.locator(CANVAS)
    expect(canvas).to_have_attribute("aria-label", "Mapa de 392 filmes")
    settle(page)
    return canvas


def settle(page: Page) -> None:
    """Wait until what changed is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(canvas: Locator) -> str:
    settle(canvas.page)
    return str(canvas.evaluate("(canvas) => canvas.toDataURL()"))


def coloured(canvas: Locator) -> int:
    """Return how many pixels are clearly of a colour, as only strongly drawn films are."""
    count: int = read(canvas).evaluate("""(data) => {
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
            const [red, green, blue] = data.subarray(at, at + 3);
            count += Math.max(red, green, blue) - Math.min(red, green, blue) > 80;
        }
        return count;
    }""")
    return count


def read(canvas: Locator) -> JSHandle:
    """Return the bytes of the picture. Those of a copy: Chromium warns of frequent reading."""
    settle(canvas.page)
    return canvas.evaluate_handle("""({ width, height }) => {
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(document.querySelector(".map-canvas"), 0, 0);
        return copy.getImageData(0, 0, width, height).data;
    }""")


def middle(canvas: Locator) -> tuple[float, float]:
    box = canvas.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_film_is_shown_pointed_at_and_opened(page: Page, url: str) -> None:
    watch = Watch(page)
    canvas = show(page, url)
    assert page.evaluate("map.show(3)") is True
    settle(page)
    page.mouse.move(*middle(canvas))
    tip = page.locator(TIP)
    expect(tip).to_contain_text("The Matrix")
    expect(tip).to_contain_text("sci-fi, com filmes de Christopher Nolan e Denis Villeneuve")
    expect(tip).to_contain_text("visto por 27% das pessoas")
    page.mouse.click(*middle(canvas))
    assert page.evaluate("opened") == [3]
    assert page.evaluate("map.show(999999)") is False
    watch.assert_quiet(url)


def test_the_tip_stays_inside_wherever_the_film_is(page: Page, url: str) -> None:
    canvas = show(page, url)
    canvas.focus()
    box = page.locator(".map-frame").bounding_box()
    assert box
    for key in ["ArrowLeft"] * 8 + ["ArrowUp"] * 8 + ["ArrowRight"] * 16 + ["ArrowDown"] * 16:
        canvas.press(key)
        settle(page)
        tip = page.locator(TIP).bounding_box()
        assert tip
        assert box["x"] <= tip["x"]
        assert tip["x"] + tip["width"] <= box["x"] + box["width"]
        assert box["y"] <= tip["y"]
        assert tip["y"] + tip["height"] <= box["y"] + box["height"]


def test_dragging_moves_the_map_and_opens_nothing(page: Page, url: str) -> None:
    canvas = show(page, url)
    page.evaluate("map.show(3)")
    before = pixels(canvas)
    x, y = middle(canvas)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 60, steps=5)
    page.mouse.up()
    assert pixels(canvas) != before
    page.mouse.move(x + 90, y + 60)
    expect(page.locator(TIP)).to_contain_text("The Matrix")
    assert page.evaluate("opened") == []


def test_the_wheel_scrolls_the_page_unless_it_is_meant_for_the_map(page: Page, url: str) -> None:
    canvas = show(page, url)
    before = pixels(canvas)
    page.mouse.move(*middle(canvas))
    page.mouse.wheel(0, 100)
    expect(page.locator(HINT)).to_contain_text("Ctrl + roda do mouse para ampliar")
    page.wait_for_function("() => scrollY > 0")
    page.evaluate("scrollTo(0, 0)")
    page.mouse.move(5, 5)
    assert pixels(canvas) == before
    page.mouse.move(*middle(canvas))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.mouse.move(5, 5)
    expect(page.locator(BUTTONS).nth(1)).to_have_attribute("aria-disabled", "false")
    assert pixels(canvas) != before
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="Ver o mapa todo").click()
    page.mouse.move(5, 5)
    assert pixels(canvas) == before
    canvas.focus()
    page.mouse.move(*middle(canvas))
    page.mouse.wheel(0, -300)
    expect(page.locator(BUTTONS).nth(1)).to_have_attribute("aria-disabled", "false")
    assert page.evaluate("scrollY") == 0


def test_two_fingers_zoom(page: Page, url: str) -> None:
    canvas = show(page, url)
    session = page.context.new_cdp_session(page)
    x, y = middle(canvas)

    def touch(kind: str, *apart: float) -> None:
        points = [
            {"x": x + side * distance, "y": y, "id": side + 1}
            for distance in apart
            for side in (-1, 1)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for apart in (50, 80, 120):
        touch("touchMove", apart)
    touch("touchEnd")
    expect(page.locator(BUTTONS).nth(1)).to_have_attribute("aria-disabled", "false")
    assert page.evaluate("opened") == []


def test_a_search_lights_films_up_and_goes_from_one_to_the_next(page: Page, url: str) -> None:
    canvas = show(page, url)
    everything = coloured(canvas)
    field = page.get_by_label("Procurar no mapa")
    field.fill("TROPA elíte")
    found = page.locator(FOUND)
    expect(found).to_have_text("2 filmes")
    assert 0 < coloured(canvas) < everything / 10
    titles = ["Tropa de Elite", "Tropa de Elite 2: O Inimigo Agora É Outro"]
    told = []
    for place in (1, 2, 1):
        field.press("Enter")
        expect(found).to_have_text(re.compile(f"^{place} de 2: "))
        told.append(found.inner_text().split(": ", 1)[1])
    assert sorted(told[:2]) == titles
    assert told[2] == told[0]
    page.get_by_role("button", name="Ir ao próximo").click()
    expect(found).to_have_text(f"2 de 2: {told[1]}")
    expect(field).to_be_visible()
    field.fill("nada assim")
    expect(found).to_have_text("0 filmes")
    field.press("Escape")
    expect(found).to_have_text("")
    page.get_by_role("button", name="Ver o mapa todo").click()
    assert coloured(canvas) == pytest.approx(everything, rel=0.02)


def test_a_group_of_the_legend_is_lit_alone(page: Page, url: str) -> None:
    canvas = show(page, url)
    everything = coloured(canvas)
    legend = page.locator(LEGEND)
    expect(legend).to_have_count(10)  # as many groups as there are
    horror = legend.filter(has_text="Terror, com filmes de John Carpenter e James Wan")
    expect(page.locator(".map-legend [aria-pressed=true]")).to_have_count(0)
    horror.click()
    expect(horror).to_have_attribute("aria-pressed", "true")
    assert 0 < coloured(canvas) < everything / 3
    comedy = legend.filter(has_text="Comédia, com filmes de Joel Coen")
    comedy.click()
    expect(horror).to_have_attribute("aria-pressed", "false")
    comedy.click()
    expect(comedy).to_have_attribute("aria-pressed", "false")
    assert coloured(canvas) == pytest.approx(everything, rel=0.02)


def test_you_are_where_your_films_are(page: Page, url: str) -> None:
    canvas = show(page, url)
    nobody = pixels(canvas)
    yours = page.locator(YOURS)
    expect(yours).to_have_text("Diga de que filmes gosta e você também aparece no mapa.")
    page.evaluate("map.place(new Map([[3, 1], [14, 0.5], [85, -1]]))")
    expect(yours).to_contain_text("Você está entre os filmes de que gosta")
    liked = pixels(canvas)
    assert liked != nobody
    page.evaluate("map.place(new Map([[3, 1], [14, 0.5]]))")
    assert pixels(canvas) == liked  # what is disliked does not count
    page.evaluate("map.place(new Map([[3, 1], [14, 1]]))")
    assert pixels(canvas) != liked
    page.evaluate("map.place(new Map())")
    assert pixels(canvas) == nobody


def test_you_glide_to_another_place(page: Page, url: str) -> None:
    page.emulate_media(reduced_motion="no-preference")
    canvas = show(page, url)
    page.evaluate("map.place(new Map([[3, 1]]))")
    start = pixels(canvas)
    page.evaluate("map.place(new Map([[14, 1]]))")
    passed = {start, *(pixels(canvas) for _ in range(4))}
    page.wait_for_timeout(1500)  # more than the way takes
    end = pixels(canvas)
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("map.place(new Map([[3, 1]]))")
    assert pixels(canvas) == start
    assert end != start
    assert passed - {start, end}


def test_everything_works_by_keyboard_and_is_spoken(page: Page, url: str) -> None:
    canvas = show(page, url)
    said = page.locator(SAID)
    canvas.focus()
    expect(canvas).to_have_accessible_description(re.compile("^Setas: filme mais próximo"))
    canvas.press("ArrowRight")
    expect(said).to_have_text(
        "Fight Club. drama e suspense, com filmes de David Fincher e Francis Ford Coppola. "
        "visto por 30% das pessoas."
    )
    canvas.press("ArrowRight")
    expect(said).not_to_contain_text("Fight Club")
    title = said.inner_text().split(". ")[0]
    canvas.press("Enter")
    (opened,) = page.evaluate("opened")
    assert FILMS[opened]["titulo_exibido"] == title
    canvas.press("+")
    expect(said).to_have_text("Ampliação: 1,6×")
    canvas.press("-")
    expect(said).to_have_text("Ampliação: 1×")
    for _ in range(60):
        canvas.press("ArrowLeft")
    expect(said).to_have_text("Nenhum filme nessa direção")
    canvas.press("Escape")
    canvas.press("PageDown")
    expect(said).to_contain_text("Fight Club")
    for _ in range(2):
        canvas.press("PageDown")
    expect(said).to_contain_text("The Matrix")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ampliar")).to_be_focused()


def test_light_dark_and_two_languages(page: Page, url: str) -> None:
    watch = Watch(page)
    canvas = show(page, url)

    def corner() -> list[int]:
        colour: list[int] = read(canvas).evaluate("(data) => [...data.subarray(0, 3)]")
        return colour

    assert corner() == [255, 255, 255]
    page.emulate_media(color_scheme="dark")
    assert corner() == [0x1D, 0x1B, 0x26]  # --card
    page.evaluate("speak('en')")
    expect(canvas).to_have_attribute("aria-label", "Map of 392 films")
    expect(
        page.locator(LEGEND).filter(has_text="horror, with films by John Carpenter and James Wan")
    ).to_have_count(1)
    expect(page.get_by_label("Search the map")).to_be_visible()
    watch.assert_quiet(url)


def test_all_that_can_be_pressed_is_large_enough_on_a_phone(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 320, "height": 740})
    show(page, url)
    page.get_by_label("Procurar no mapa").fill("a")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for part in page.locator(f"{HOST} button:visible, {HOST} input").all():
        box = part.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44


def test_a_failure_is_told_and_can_be_tried_again(page: Page, url: str) -> None:
    asked = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, json={"detail": "O modelo não diz onde os filmes ficam."})
        else:
            route.continue_()

    page.route("**/mapa.json", answer)
    page.goto(f"{url}/page")
    expect(page.get_by_role("alert")).to_have_text("O modelo não diz onde os filmes ficam.")
    assert page.evaluate("map.show(3)") is None
    page.evaluate("map.place(new Map([[3, 1]]))")
    page.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator(CANVAS)).to_be_visible()
    expect(page.locator(YOURS)).to_contain_text("Você está entre os filmes de que gosta")


def test_ten_thousand_films_and_labels_of_all_kinds(page: Page, artifact_dir: Path) -> None:
    """Two groups are not in the legend, films share a place, a label has no kind."""
    count = 10_000
    data = {
        "filmes": {
            "id": [*range(1, count + 1)],
            "titulo_exibido": [f"Mad Max: Parte {film}" for film in range(count)],
            "x": [film // 2 % 97 / 97 for film in range(count)],
            "y": [film // 2 % 89 / 89 for film in range(count)],
            "grupo": [film % 12 for film in range(count)],
            "popularidade": [0.5 / (film + 1) for film in range(count)],
        },
        "grupos": [
            {"id": 0, "rotulo": "Mad Max: Parte 0, Mad Max: Parte 12"},
            {
                "id": 1,
                "rotulo": "drama e crime, de Brian de Palma, anos 1990, com Ana: Mad Max: Parte 1",
            },
            *({"id": group, "rotulo": f"terror: Mad Max: Parte {group}"} for group in range(2, 12)),
        ],
    }

    async def answer(_: Any) -> Response:
        return JSONResponse(data)

    with serving(mounted(create_app(artifact_dir, LOCAL), Route("/mapa.json", answer))) as url:
        watch = Watch(page)
        page.goto(f"{url}/page")
        legend = page.locator(LEGEND)
        expect(legend).to_have_count(11)
        expect(legend.nth(0)).to_have_text("Mad Max: Parte 0, Mad Max: Parte 12")
        expect(legend.nth(10)).to_have_text("outros grupos")
        page.evaluate("speak('en')")
        expect(legend.nth(1)).to_have_text(
            re.compile("^drama and crime, with films by Brian de Palma, 1990s, with Ana")
        )
        canvas = page.locator(CANVAS)
        everything = coloured(canvas)
        legend.nth(10).click()
        assert coloured(canvas) < everything / 2
        page.get_by_label("Search the map").fill("parte 9999")
        expect(page.locator(FOUND)).to_have_text("1 film")
        canvas.focus()
        canvas.press("PageDown")
        expect(page.locator(SAID)).to_contain_text("Mad Max: Parte 9999. horror. seen by <1%")
        watch.assert_quiet(url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_the_map_where_one_scrolls_to(
    chromium: Browser, url: str, scheme: str
) -> None:
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with open_page(chromium, viewport=PHONE, **options) as page:
        watch = Watch(page)
        page.goto(url)
        expect(page.locator("#filmes > li").first).to_be_visible()
        page.locator(HOST).scroll_into_view_if_needed()
        canvas = page.locator(CANVAS)
        canvas.scroll_into_view_if_needed()
        page.locator(LEGEND).first.click()
        canvas.focus()
        canvas.press("ArrowRight")
        expect(page.locator(SAID)).to_contain_text("visto por")
        page.get_by_label("Procurar no mapa").fill("matrix")
        expect(page.locator(FOUND)).to_have_text("1 filme")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        page.get_by_label("Procurar no mapa").press("Enter")
        canvas.scroll_into_view_if_needed()
        settle(page)
        page.mouse.click(*middle(canvas))
        expect(page.locator("#ficha-titulo")).to_have_text("The Matrix")
        watch.assert_quiet(url)
