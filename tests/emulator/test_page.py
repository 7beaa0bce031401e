"""The page in a real browser, from the API function as built."""

import re

from playwright.sync_api import expect

from tests.browser import browser
from tests.recommender.web import PHONE, Watch, assert_accessible, open_page

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
        page.locator("#cartas").get_by_label("Não gostei de Titanic", exact=True).click()
        expect(page.locator("#ditos-total")).to_have_text("(2)")
        page.get_by_label("Buscar filmes").fill("")
        page.locator("#ajustes summary").click()
        page.get_by_label("Gênero").select_option("comédia")
        expect(page).to_have_url(re.compile("genero=com%C3%A9dia"))
        page.reload()
        expect(page.locator("#ditos-total")).to_have_text("(2)")
        shared = page.url
        watch.assert_quiet(api_url)
    with browser() as chromium, open_page(chromium, viewport=PHONE, locale="en-GB") as page:
        watch = Watch(page)
        page.goto(shared)
        expect(page.locator("#filmes .genre").first).to_contain_text("comedy")
        expect(page.locator("#genero")).to_have_value("comédia")
        page.locator("#cartas [data-act=like]").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#filmes .why").first).to_contain_text("Because you like")
        assert_accessible(page)
        watch.assert_quiet(api_url)
        page.context.set_offline(True)
        expect(page.locator("#problema")).to_contain_text("offline")
