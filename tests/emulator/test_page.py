"""The page in a real browser, from the API function as built."""

from playwright.sync_api import expect

from tests.browser import browser
from tests.recommender.web import Watch, open_page

LIKED = "O Auto da Compadecida"


def test_a_reader_likes_opens_searches_and_sees_the_map(api_url: str) -> None:
    with browser() as chromium, open_page(chromium) as page:
        watch = Watch(page)
        page.goto(api_url)
        page.locator("#cartas").get_by_label(f"Gostei de {LIKED}", exact=True).click()
        expect(page.locator("#filmes .why").first).to_have_text(f"Porque você gostou de {LIKED}")
        page.locator("#filmes [data-act=open]").first.click()
        expect(page.get_by_label("Quantas pessoas deram cada nota").locator("li")).to_have_count(6)
        page.keyboard.press("Escape")
        page.get_by_label("Buscar filmes").fill("coen")
        expect(page.locator("#achados")).to_contain_text("Fargo")
        page.locator("#mapa").scroll_into_view_if_needed()
        expect(page.locator("#mapa canvas")).to_be_visible()
        page.reload()
        expect(page.locator("#ditos-total")).to_have_text("(1)")
        watch.assert_quiet(api_url)
