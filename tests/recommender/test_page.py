"""The pages in a real browser, over HTTP: as a laptop serves them, and behind a JWT gateway."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID
from recommender.model.artifact import Model
from recommender.settings import Access, Mode
from tests.browser import browser
from tests.emulator.ports import free_port
from tests.expectations import FILMS
from tests.recommender.conftest import FOUND

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
expect.set_options(timeout=60_000)  # the machine may be busy
TOKENS = {"do-usuario-1": {"sub": "1"}, "do-usuario-2": {"sub": "2"}}


class Gateway:
    """What an HTTP API does with a JWT authorizer on the routes of users."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/usuarios/"):
            token = dict(scope["headers"]).get(b"authorization", b"").decode()
            claims = TOKENS.get(token.removeprefix("Bearer "))
            if claims is None:
                await JSONResponse({"message": "Unauthorized"}, 401)(scope, receive, send)
                return
            scope["aws.event"] = {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}
        await self.app(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        assert server.started
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def url(artifact_dir: Path) -> Iterator[str]:
    with serving(create_app(artifact_dir)) as url:
        yield url


@pytest.fixture(scope="module")
def based(artifact_dir: Path) -> Iterator[str]:
    """What also serves under a base path."""
    with serving(create_app(artifact_dir, base_path="/v1")) as url:
        yield url


@pytest.fixture
def gated(artifact_dir: Path) -> Iterator[str]:
    with serving(Gateway(create_app(artifact_dir, Access(Mode.JWT)))) as url:
        yield url


@pytest.fixture
def largest(found_dir: Path) -> Iterator[str]:
    """A film and a user with the largest id; titles with the article last."""
    with serving(create_app(found_dir)) as url:
        yield url


class Watch:
    """What a page complains of, and which hosts it asks."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def assert_quiet(self, url: str) -> None:
        assert self.faults == []
        assert {host for host in self.hosts if host} == {url.removeprefix("http://")}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(viewport=DESKTOP, locale="pt-BR") as context:  # type: ignore[arg-type]
        yield context.new_page()


def rate(page: Page, words: str, title: str, rating: str) -> None:
    page.get_by_label("Avalie filmes que já viu").fill(words)
    page.get_by_label("Filmes encontrados").get_by_label(f"Nota para {title}").get_by_label(
        rating
    ).click()


def titles(page: Page) -> list[str]:
    return page.locator("#lista h3").all_inner_texts()


def test_two_ratings_make_a_list_with_reasons(page: Page, url: str) -> None:
    watch = Watch(page)
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text("Os filmes mais populares")
    expect(page.locator("#lista > li")).to_have_count(10)
    popular = titles(page)
    rate(page, "compadecida", "O Auto da Compadecida", "5 de 5")
    rate(page, "cidade de deus", "Cidade de Deus", "5 de 5")
    given = page.get_by_label("Suas avaliações")
    expect(given.locator("li")).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("Para você")
    reasons = page.get_by_label("Motivos")
    expect(reasons.get_by_text("nota 5 para O Auto da Compadecida").first).to_be_visible()
    expect(reasons.get_by_text("nota 5 para Cidade de Deus").first).to_be_visible()
    assert len(titles(page)) == 10
    assert titles(page) != popular
    given.get_by_label("Tirar a avaliação de O Auto da Compadecida").click()
    given.get_by_label("Tirar a avaliação de Cidade de Deus").click()
    expect(page.get_by_role("status")).to_have_text("Os filmes mais populares")
    assert titles(page) == popular
    watch.assert_quiet(url)


def test_a_users_list_and_what_would_change_in_it(page: Page, url: str) -> None:
    watch = Watch(page)
    page.goto(url)
    page.get_by_label("Ou parta de um usuário").fill("1")
    expect(page.get_by_role("status")).to_have_text("Para o usuário 1")
    best = titles(page)[0]
    expect(page.locator("#lista .badge")).to_have_count(0)
    rate(page, best, best, "5 de 5")
    expect(page.get_by_label("Filmes que saíram da lista")).to_contain_text(best)
    expect(page.locator("#lista").get_by_text("entrou", exact=True).first).to_be_visible()
    assert best not in titles(page)
    watch.assert_quiet(url)


def test_no_id_changes_on_its_way(page: Page, largest: str) -> None:
    """From the API to the page, back, and into an answer: 2^53 - 1 is as exact as 1."""
    watch = Watch(page)
    bodies: list[dict[str, Any]] = []
    page.on("request", lambda asked: bodies.append({"url": asked.url, "body": asked.post_data}))
    page.goto(largest)
    expect(page.get_by_role("status")).to_have_text("Os filmes mais populares")
    page.get_by_label("Ou parta de um usuário").fill(str(MAX_ID))
    expect(page.get_by_role("status")).to_have_text(f"Para o usuário {MAX_ID}")
    rate(page, "godfather the", "The Godfather (1972)", "5 de 5")
    expect(page.get_by_label("Suas avaliações").locator("li")).to_have_count(1)
    reason = page.get_by_label("Motivos").get_by_text("nota 5 para The Godfather (1972)")
    expect(reason.first).to_be_visible()
    asked = bodies[-1]
    assert asked["url"] == f"{largest}/usuarios/{MAX_ID}/recomendacoes"
    assert f'"filme_id":{MAX_ID},' in asked["body"]
    shown = page.evaluate(
        "fetch('filmes?q=godfather').then((answer) => answer.json()).then((films) => films[0].id)"
    )
    assert shown == MAX_ID
    watch.assert_quiet(largest)


def test_titles_are_shown_with_their_article_in_front(page: Page, largest: str) -> None:
    page.goto(largest)
    expect(page.locator("#lista > li")).to_have_count(10)
    assert set(titles(page)) <= set(FOUND.values())
    page.get_by_label("Avalie filmes que já viu").fill("avventura l'")
    expect(page.get_by_label("Filmes encontrados")).to_contain_text("L'Avventura (1960)")
    page.locator("#todos > li").first.wait_for()
    turned = [title for title, shown in FOUND.items() if title != shown]
    assert not [title for title in turned if title in page.content()]


def test_an_unknown_user_is_told(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Ou parta de um usuário").fill("999999")
    expect(page.get_by_role("status")).to_have_text("Usuário com ID 999999 não encontrado.")
    assert titles(page) == []


def test_a_genre_keeps_only_its_films(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Gênero").select_option("comédia")
    expect(page.locator("#lista .meta").first).to_contain_text("comédia")
    genres = {film["titulo"]: film["genero"] for film in FILMS.values()}
    expect(page.locator("#lista > li")).to_have_count(10)
    assert {genres[title] for title in titles(page)} == {"comédia"}


def test_groups_and_map_are_shown(page: Page, url: str, model: Model) -> None:
    watch = Watch(page)
    page.route(  # smaller pages than the page asks for, so that there are some
        "**/grupos?filmes=6&limite=12",
        lambda route: route.continue_(url=route.request.url.replace("limite=12", "limite=4")),
    )
    page.goto(url)
    groups = page.locator("#todos > li")
    expect(groups).to_have_count(4)
    expect(groups.first).to_contain_text(re.compile(r"\d+ filmes?"))
    more = page.get_by_role("button", name="Mais grupos")
    while groups.count() < len(model.cell_labels):
        shown = groups.count()
        more.click()
        expect(groups).to_have_count(min(shown + 4, len(model.cell_labels)))
    expect(more).to_be_hidden()
    picture = page.get_by_alt_text("Filmes em dois componentes principais, coloridos por grupo")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#mapa img').naturalWidth > 0")
    watch.assert_quiet(url)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_nothing_is_wider_than_a_phone(page: Page, url: str, path: str) -> None:
    watch = Watch(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(url + path)
    if path == "/":
        rate(page, "compadecida", "O Auto da Compadecida", "5 de 5")
        expect(page.get_by_role("status")).to_have_text("Para você")
        page.locator("#todos > li").first.wait_for()
    else:
        films = try_out(page, "list_films")
        expect(films.locator(".live-responses-table")).to_contain_text("Blade Runner")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    watch.assert_quiet(url)


@pytest.mark.parametrize("base_path", ["", "/v1"])
def test_the_documentation_asks_the_api(page: Page, based: str, base_path: str) -> None:
    watch = Watch(page)
    page.goto(f"{based}{base_path}/docs")
    paths = page.request.get(f"{based}{base_path}/openapi.json").json()["paths"]
    expect(page.locator(".opblock")).to_have_count(sum(len(methods) for methods in paths.values()))
    films = try_out(page, "list_films")
    expect(films.locator(".request-url")).to_contain_text(f"{based}{base_path}/filmes?limite=100")
    expect(films.locator(".live-responses-table tbody .response-col_status")).to_have_text("200")
    expect(films.locator(".live-responses-table")).to_contain_text("Blade Runner")
    own = try_out(page, "recommend_to_anybody")
    expect(own.locator(".live-responses-table")).to_contain_text('"motivos"')
    picture = try_out(page, "draw_map")
    expect(picture.locator(".live-responses-table")).to_contain_text("<svg")
    watch.assert_quiet(based)


def try_out(page: Page, operation: str) -> Locator:
    """Open an operation in Swagger UI and have it executed as it is filled in there."""
    block = page.locator(f"[id$='-{operation}']")
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    return block


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_policy_lets_no_other_script_run(page: Page, url: str, path: str) -> None:
    watch = Watch(page)
    page.goto(url + path)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    assert len(watch.faults) == 1
    assert "Content Security Policy" in watch.faults[0]


def test_a_user_behind_a_gateway_needs_a_token(page: Page, gated: str) -> None:
    page.goto(gated)
    token = page.get_by_label("Token de acesso")
    expect(page.get_by_role("status")).to_have_text("Os filmes mais populares")
    expect(token).to_be_hidden()
    page.get_by_label("Ou parta de um usuário").fill("1")
    expect(page.get_by_role("status")).to_have_text("Falta um token de acesso válido.")
    assert titles(page) == []
    token.fill("do-usuario-2")
    expect(page.get_by_role("status")).to_have_text("Este token não dá acesso ao usuário 1.")
    token.fill("do-usuario-1")
    expect(page.get_by_role("status")).to_have_text("Para o usuário 1")
    assert len(titles(page)) == 10


def test_the_documentation_takes_a_token_where_access_is_protected(
    page: Page, gated: str, url: str
) -> None:
    page.goto(f"{url}/docs")
    page.locator(".opblock").first.wait_for()
    expect(page.get_by_role("button", name="Authorize")).to_have_count(0)
    page.goto(f"{gated}/docs")
    page.get_by_role("button", name="Authorize").first.click()
    form = page.locator(".modal-ux")
    form.locator("input").fill("do-usuario-1")
    form.get_by_role("button", name="Apply credentials").click()
    form.get_by_role("button", name="Close").click()
    block = page.locator("[id$='-recommend_to_user']")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_placeholder("usuario_id").fill("1")
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table tbody .response-col_status")).to_have_text("200")
