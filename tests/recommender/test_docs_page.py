"""The documentation of the API, Swagger UI, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from recommender.api.application import create_app
from tests.recommender.web import PHONE, Watch, open_page, serving


@pytest.fixture(scope="module")
def based(artifact_dir: Path) -> Iterator[str]:
    """What also serves under a base path."""
    with serving(create_app(artifact_dir, base_path="/v1")) as url:
        yield url


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with open_page(chromium) as page:
        yield page


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


def test_nothing_is_wider_than_a_phone(page: Page, based: str) -> None:
    watch = Watch(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{based}/docs")
    films = try_out(page, "list_films")
    expect(films.locator(".live-responses-table")).to_contain_text("Blade Runner")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    watch.assert_quiet(based)


def test_the_policy_lets_no_other_script_run(page: Page, based: str) -> None:
    watch = Watch(page)
    page.goto(f"{based}/docs")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    assert len(watch.faults) == 1
    assert "Content Security Policy" in watch.faults[0]


def test_the_documentation_takes_a_token_where_access_is_protected(
    page: Page, gated: str, based: str
) -> None:
    page.goto(f"{based}/docs")
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
