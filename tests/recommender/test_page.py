"""The page in a real browser, over HTTP: as a laptop serves it, and behind a JWT gateway."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from recommender.api import front
from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID, fold
from tests.conftest import ROOT
from tests.expectations import FILMS
from tests.recommender.conftest import FOUND
from tests.recommender.web import (
    DESKTOP,
    LOCAL,
    PHONE,
    Watch,
    assert_accessible,
    open_page,
    serving,
    settle,
)

PICTURES = ROOT / ".local" / "pictures"  # screenshots of the main states, to be looked at
LIKED, DISLIKED = "O Auto da Compadecida", "Titanic"


@pytest.fixture(scope="module")
def url(artifact_dir: Path) -> Iterator[str]:
    with serving(create_app(artifact_dir, LOCAL)) as url:
        yield url


@pytest.fixture
def largest(found_dir: Path) -> Iterator[str]:
    """A film and a user with the largest id; titles with the article last."""
    with serving(create_app(found_dir, LOCAL)) as url:
        yield url


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with open_page(chromium) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    with open_page(chromium, viewport=PHONE, has_touch=True, color_scheme="dark") as page:
        yield page


def visit(page: Page, address: str) -> Watch:
    watch = Watch(page)
    page.goto(address)
    expect(page.locator("#filmes > li").first).to_be_visible()
    return watch


def say(page: Page, place: str, act: str, title: str) -> None:
    page.locator(place).get_by_label(act.format(title), exact=True).click()


def like(page: Page, title: str = LIKED) -> None:
    say(page, "#cartas", "Gostei de {}", title)
    expect(page.locator("#lista-titulo")).to_have_text("Para você")
    expect(page.locator("#filmes .why").first).to_be_visible()


def titles(page: Page, place: str = "#filmes") -> list[str]:
    labels = page.locator(f"{place} [data-act=open]").evaluate_all(
        "buttons => buttons.map(button => button.getAttribute('aria-label'))"
    )
    return [re.sub("^(Abrir|Open) ", "", label) for label in labels]


def wait_for_other(page: Page, before: list[str]) -> None:
    """Wait until the list is another one."""
    page.wait_for_function(
        "before => JSON.stringify([...document.querySelectorAll('#filmes [data-act=open]')].map("
        "one => one.getAttribute('aria-label').replace('Abrir ', ''))) !== JSON.stringify(before)",
        arg=before,
    )


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.evaluate("() => document.querySelector('dialog[open]') || scrollTo(0, 0)")
    page.mouse.move(0, 0)  # nothing is pointed at
    settle(page)
    page.screenshot(path=PICTURES / f"{name}.png")


# Liking, and what comes of it


def test_likes_and_dislikes_change_the_list_and_say_why(page: Page, url: str) -> None:
    watch = visit(page, url)
    expect(page.locator("#lista-titulo")).to_have_text("Em alta")
    assert len(titles(page, "#cartas")) == 12
    like(page)
    assert LIKED not in titles(page, "#cartas")
    assert LIKED not in titles(page)
    assert len(titles(page, "#cartas")) == 12
    reason = f"Porque você gostou de {LIKED}"
    expect(page.locator("#filmes .why").first).to_have_text(reason)
    liked = titles(page)
    say(page, "#cartas", "Não gostei de {}", DISLIKED)
    against = page.locator("#filmes .why", has_text=f"apesar de não ter gostado de {DISLIKED}")
    expect(against.first).to_be_visible()
    assert titles(page) != liked
    expect(page.locator("#aviso")).to_contain_text(f"Você não gostou de {DISLIKED} (nota 1)")
    page.get_by_role("button", name="Desfazer").click()
    expect(against).to_have_count(0)
    expect(page.locator("#filmes .why").first).to_have_text(reason)
    assert titles(page) == liked
    assert DISLIKED in titles(page, "#cartas")
    watch.assert_quiet(url)


def test_films_to_begin_with_are_known_and_of_many_groups(page: Page, url: str) -> None:
    visit(page, url)
    popular = page.request.get(f"{url}/filmes/populares?limite=60").json()
    groups = {film["titulo_exibido"]: film["grupo"]["id"] for film in popular}
    shown = titles(page, "#cartas")
    assert set(shown) <= groups.keys()
    assert len({groups[title] for title in shown}) == min(12, len({*groups.values()}))


def test_seen_and_dismissed_films_leave_every_list(page: Page, url: str) -> None:
    visit(page, url)
    like(page)
    first, second = titles(page)[:2]
    say(page, "#filmes", "Já vi {}", first)
    expect(page.locator("#aviso")).to_contain_text(f"Já visto, sem nota: {first}")
    say(page, "#filmes", "{} não é para mim", second)
    expect(page.locator("#ditos-total")).to_have_text("(3)")
    everywhere = page.locator("#filmes, #linhas, #cartas")
    for title in (first, second):
        expect(everywhere.get_by_label(f"Abrir {title}", exact=True)).to_have_count(0)
    page.locator("#ditos summary").click()
    picture(page, "dito")
    page.get_by_label(f"Remover o que disse de {second}").click()
    expect(page.locator("#filmes").get_by_label(f"Abrir {second}", exact=True)).to_be_visible()


def test_no_film_is_shown_twice_among_the_recommendations(page: Page, url: str) -> None:
    visit(page, url)
    like(page)
    expect(page.locator("#linhas section").first).to_be_visible()
    rows = page.locator("#linhas h2").all_inner_texts()
    assert f"Porque você gostou de {LIKED}" in rows
    assert len(rows) == len(set(rows)) >= 3
    shown = titles(page) + titles(page, "#linhas")
    assert len(shown) == len(set(shown))
    for row in page.locator("#linhas section").all():
        expect(row.locator(".hint")).not_to_be_empty()


# One film


def test_a_film_opens_from_anywhere_and_tells_all(page: Page, url: str) -> None:
    watch = visit(page, url)
    like(page)
    title = titles(page)[0]
    page.locator("#filmes").get_by_label(f"Abrir {title}", exact=True).click()
    sheet = page.get_by_role("dialog", name=title)
    expect(sheet.get_by_role("heading", name=title)).to_be_focused()
    film = next(film for film in FILMS.values() if film["titulo"] == title)
    told = page.request.get(f"{url}/filmes/{film['id']}").json()
    expect(sheet).to_contain_text(f"em {told['total_avaliacoes']} notas")
    bars = sheet.get_by_label("Quantas pessoas deram cada nota").locator("li")
    assert [
        int(text.split(": ")[1].split()[0]) for text in bars.locator(".hidden").all_inner_texts()
    ] == [part["total"] for part in told["histograma"]]
    label = told["grupo"]["rotulo"].replace(", de ", ", com filmes de ")
    expect(sheet).to_contain_text(f"Grupo: {label}")
    for name in film["diretor"].split(", "):
        expect(sheet.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(sheet.get_by_text(f"nota 5 para {LIKED}")).to_be_visible()
    picture(page, "filme")
    assert_accessible(page)
    similar = sheet.locator(".strip li").first
    other = similar.locator("[data-act=open]").get_attribute("aria-label") or ""
    similar.locator("[data-act=open]").click()
    expect(page.locator("#ficha-titulo")).to_have_text(other.removeprefix("Abrir "))
    page.go_back()
    expect(page.locator("#ficha-titulo")).to_have_text(title)
    page.locator("#ficha").get_by_label("4 de 5").click()
    expect(page.locator("#ficha").get_by_label("4 de 5")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#ficha").get_by_label("4 de 5")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#ficha")).to_be_hidden()
    expect(page.locator("#filmes").get_by_label(f"Abrir {title}", exact=True)).to_have_count(0)
    expect(page.locator(":focus")).to_have_count(1)
    watch.assert_quiet(url)


def test_the_film_that_was_asked_for_last_opens_though_another_fails(page: Page, url: str) -> None:
    def fail(route: Route) -> None:
        time.sleep(1)
        route.fulfill(status=503, json={})

    visit(page, url)
    page.route(re.compile("/filmes/193$"), fail)
    page.evaluate("""() => {
        for (const id of [193, 2]) {
            const button = Object.assign(document.createElement("button"), { textContent: id });
            button.dataset.act = "open";
            button.dataset.film = id;
            document.body.append(button);
            button.click();
        }
    }""")
    expect(page.locator("#ficha-titulo")).to_have_text(FILMS[2]["titulo"])
    page.wait_for_timeout(1200)  # until the other one has failed
    expect(page.locator("#problema")).to_be_empty()
    assert "filme=2" in page.url
    page.locator("#ficha .close").click()
    page.evaluate("document.querySelector('body > [data-film=\"193\"]').click()")
    alert = page.locator("#problema")
    expect(alert).to_be_visible()
    expect(page.locator("#ficha")).to_be_hidden()
    assert "filme=" not in page.url
    page.unroute(re.compile("/filmes/193$"))
    alert.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator("#ficha-titulo")).to_have_text("Fargo")
    expect(alert).to_be_empty()


SCROLLED = "document.querySelector('#ficha .strip').scrollLeft"  # of the strip that is there now


def test_films_like_it_stay_in_view_when_one_is_rated(page: Page, url: str) -> None:
    visit(page, f"{url}/?filme=193")
    strip = page.locator("#ficha .strip")
    last = strip.locator("li").last
    last.scroll_into_view_if_needed()
    before = page.evaluate(SCROLLED)
    assert before > 0
    last.locator("[data-act=like]").click()
    expect(last.locator("[data-act=like]")).to_have_attribute("aria-pressed", "true")
    expect(last.locator("[data-act=like]")).to_be_focused()
    page.wait_for_function(f"before => {SCROLLED} === before", arg=before)


def test_people_and_genres_of_a_film_lead_on(page: Page, url: str) -> None:
    visit(page, f"{url}/?filme=193")  # Fargo
    sheet = page.get_by_role("dialog", name="Fargo")
    sheet.get_by_role("button", name="Joel Coen").click()
    expect(page.locator("#achados-titulo")).to_be_focused()
    expect(page.locator("#achados")).to_contain_text("The Big Lebowski")
    assert "busca=Joel+Coen" in page.url
    page.locator("#achados").get_by_label("Abrir Fargo").click()
    sheet.get_by_role("button", name="crime", exact=True).click()
    expect(page.get_by_label("Gênero")).to_have_value("crime")


def test_search_finds_by_beginnings_without_accents(page: Page, url: str) -> None:
    visit(page, url)
    page.get_by_label("Buscar filmes").fill("compad")
    expect(page.locator("#achados-titulo")).to_have_text("1 filme encontrado")
    say(page, "#achados", "Gostei de {}", LIKED)
    expect(page.locator("#lista-titulo")).to_have_text("Para você")
    expect(page.locator("#achados .badge")).to_have_text("Sua nota: 5")
    page.get_by_label("Buscar filmes").fill("xyzzy")
    expect(page.locator("#achados-titulo")).to_have_text("Nenhum filme encontrado")
    page.get_by_label("Buscar filmes").fill("")
    expect(page.locator("#achados")).to_be_hidden()


def test_search_forgives_a_wrong_ending(page: Page, url: str) -> None:
    visit(page, url)
    page.get_by_label("Buscar filmes").fill("blade runer")
    expect(page.locator("#achados-titulo")).to_have_text("Nada com essas palavras. Parecidos:")
    expect(page.locator("#achados")).to_contain_text("Blade Runner 2049")


def test_no_id_changes_on_its_way(page: Page, largest: str) -> None:
    """From the API to the page, back, and into an answer: 2^53 - 1 is as exact as 1."""
    bodies: list[dict[str, Any]] = []
    page.on("request", lambda asked: bodies.append({"url": asked.url, "body": asked.post_data}))
    watch = visit(page, f"{largest}/?usuario={MAX_ID}")
    page.get_by_label("Buscar filmes").fill("godfather the")
    say(page, "#achados", "Gostei de {}", "The Godfather (1972)")
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    expect(page.locator("#filmes .why", has_text="The Godfather (1972)").first).to_be_visible()
    asked = [one for one in bodies if one["url"] == f"{largest}/usuarios/{MAX_ID}/recomendacoes"]
    assert f'"filme_id":{MAX_ID},' in asked[-1]["body"]
    page.locator("#achados").get_by_label("Abrir The Godfather (1972)").click()
    expect(page.locator("#ficha-titulo")).to_have_text("The Godfather (1972)")
    assert f"filme={MAX_ID}" in page.url
    watch.assert_quiet(largest)


def test_titles_are_shown_with_their_article_in_front(page: Page, largest: str) -> None:
    visit(page, largest)
    assert set(titles(page)) <= set(FOUND.values())
    page.get_by_label("Buscar filmes").fill("avventura l'")
    expect(page.locator("#achados-filmes")).to_contain_text("L'Avventura")
    turned = [title for title, shown in FOUND.items() if title != shown]
    assert not [title for title in turned if title in page.content()]


# Somebody else


def test_a_user_is_chosen_by_taste_and_additions_show_their_effect(page: Page, url: str) -> None:
    watch = visit(page, url)
    page.get_by_role("button", name="Ver como…", exact=True).click()
    people = page.get_by_role("dialog", name="Ver como outra pessoa")
    people.get_by_label("Nome ou gosto").fill("terror")
    expect(people.locator(".person").first).to_contain_text("terror")
    for person in people.locator(".person").all_inner_texts():
        assert "terror" in person
    picture(page, "pessoas")
    assert_accessible(page)
    name = people.locator(".person strong").first.inner_text()
    people.locator(".person").first.click()
    expect(page.locator("#lista-titulo")).to_have_text(f"Para {name}")
    expect(page.locator("#notas-dele summary")).to_contain_text(f"{name} deu")
    user = page.url.split("usuario=")[1]
    today = page.request.get(f"{url}/usuarios/{user}/recomendacoes?limite=12").json()
    assert titles(page) == [film["titulo_exibido"] for film in today]
    say(page, "#filmes", "Não gostei de {}", titles(page)[2])
    expect(page.locator("#lista-titulo")).to_have_text(f"Para {name}, com o que você disse")
    expect(page.locator("#hoje-filmes li")).to_have_text([film["titulo_exibido"] for film in today])
    expect(page.locator("#sairam li").first).to_contain_text("saiu")
    expect(page.locator("#filmes .badge.in").first).to_have_text("entrou")
    picture(page, "outra-pessoa")
    assert_accessible(page)
    page.get_by_role("button", name="Voltar a mim").click()
    expect(page.locator("#lista-titulo")).to_have_text("Em alta")
    expect(page.locator("#ditos-total")).to_have_text("")  # what was said there stays there
    watch.assert_quiet(url)


def test_users_are_listed_once_and_all_can_be_reached(page: Page, url: str) -> None:
    """Although the page reads them for a name, and somebody opens the list meanwhile."""
    users = [
        {"id": one, "nome": f"Pessoa {one}", "gosto": "", "generos": [], "total_avaliacoes": 1}
        for one in range(1, 151)
    ]

    def answer(route: Route) -> None:
        time.sleep(0.5)
        is_more = "cursor" in route.request.url
        link = {} if is_more else {"Link": '</usuarios?cursor=x>; rel="next"'}
        route.fulfill(json=users[100:] if is_more else users[:100], headers=link)

    page.route(re.compile("/usuarios[?]"), answer)
    page.goto(f"{url}/?usuario=1")
    expect(page.locator("#pessoa")).not_to_be_empty()
    page.locator("#pessoa").click()
    names = page.locator("#pessoas-achadas strong")
    more = page.get_by_role("button", name="Mostrar mais")
    expect(names).to_have_count(60)
    more.dblclick()  # the second time while the first one is still reading
    expect(names).to_have_count(150)
    expect(page.locator("#pessoas-achadas :focus")).to_have_count(1)
    expect(more).to_be_hidden()
    assert len(set(names.all_inner_texts())) == 150


def test_an_unknown_user_is_told_with_a_way_on(page: Page, url: str) -> None:
    page.goto(f"{url}/?usuario=999999")
    expect(page.get_by_role("alert").first).to_contain_text("Usuário com ID 999999 não encontrado.")
    assert_accessible(page)
    page.get_by_role("alert").get_by_role("button", name="Voltar a mim").click()
    expect(page.locator("#filmes > li").first).to_be_visible()


def test_a_user_behind_a_gateway_needs_a_token(page: Page, gated: str) -> None:
    visit(page, gated)
    alert = page.locator("#problema")
    for token, told in (
        ("", "Falta um token de acesso válido."),
        ("do-usuario-2", "Este token não dá acesso ao usuário 1."),
        ("do-usuario-1", ""),
    ):
        page.locator("#pessoa").click()
        assert_accessible(page)
        page.get_by_label("Número do usuário").fill("1")
        page.get_by_label("Token de acesso").fill(token)
        page.get_by_role("button", name="Ver a lista").click()
        expect(alert).to_contain_text(told)
        if told:
            alert.get_by_role("button", name="Voltar a mim").click()
            expect(page.locator("#lista-titulo")).to_have_text("Em alta")
    expect(page.locator("#lista-titulo")).to_have_text("Para usuário 1")
    expect(page.locator("#filmes > li")).to_have_count(12)


# Choices, and what stays


def test_every_choice_has_an_effect_and_is_in_the_address(page: Page, url: str) -> None:
    visit(page, url)
    like(page)
    say(page, "#cartas", "Gostei de {}", "The Matrix")
    expect(page.locator("#ditos-total")).to_have_text("(2)")
    expect(page.locator("#filmes .why", has_text="The Matrix").first).to_be_visible()
    page.locator("#ajustes summary").click()
    catalogue = {genre.strip() for film in FILMS.values() for genre in film["genero"].split(",")}
    offered = page.locator("#genero option").evaluate_all("all => all.map(one => one.value)")
    assert set(offered) - {""} == catalogue
    assert page.locator("#genero option", has_text="comédia").count() == 1
    for label, option, address in (
        ("Gênero", "comédia", "genero=com%C3%A9dia"),
        ("Procuro", "1", "seguir=1"),
        ("Escolher", "populares", "estrategia=populares"),
        ("Escolher", "grupo", "estrategia=grupo"),
        ("Escolher", "em_alta", "estrategia=em_alta"),
    ):
        before = titles(page)
        with page.expect_response("**/recomendacoes"):
            page.get_by_label(label).select_option(option)
        wait_for_other(page, before)
        assert address in page.url
        if label == "Gênero":
            genres = {film["titulo"]: film["genero"] for film in FILMS.values()}
            assert {fold(genres[title]) for title in titles(page)} == {"comedia"}
        with page.expect_response("**/recomendacoes"):
            page.get_by_role("button", name="Voltar ao padrão").click()
        expect(page).to_have_url(f"{url}/")
        expect(page.locator("#filmes .why").first).to_be_visible()
    plain = titles(page)
    page.get_by_label("Variedade").fill("0.6")
    expect(page).to_have_url(f"{url}/?variedade=0.6")
    wait_for_other(page, plain)
    page.get_by_label("Incluir já vistos").check()
    expect(page.locator("#filmes .badge", has_text="já avaliado").first).to_be_visible()
    picture(page, "ajustes")
    assert_accessible(page)


def test_what_was_said_outlives_a_reload_and_choices_can_be_shared(
    page: Page, chromium: Browser, url: str
) -> None:
    visit(page, url)
    like(page)
    page.locator("#ajustes summary").click()
    page.get_by_label("Gênero").select_option("comédia")
    expect(page).to_have_url(f"{url}/?genero=com%C3%A9dia")
    page.reload()
    expect(page.locator("#lista-titulo")).to_have_text("Para você")
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    expect(page.locator("#genero")).to_have_value("comédia")
    with open_page(chromium) as other:
        visit(other, page.url)
        expect(other.locator("#genero")).to_have_value("comédia")
        expect(other.locator("#ditos-total")).to_have_text("")
    page.locator("#ditos summary").click()
    page.get_by_role("button", name="Esquecer tudo").click()
    expect(page.locator("#ditos-total")).to_have_text("")
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.locator("#filmes > li").first).to_be_visible()
    expect(page.locator("#ditos-total")).to_have_text("")


@pytest.mark.parametrize(
    "damaged",
    ["{", "null", "7", '{"notas": {"id": 1}}', '{"notas": [null, {"id": "1"}, {"id": 1}]}'],
)
def test_what_is_damaged_in_the_browser_counts_as_not_said(
    page: Page, url: str, damaged: str
) -> None:
    watch = visit(page, url)
    like(page)
    page.evaluate("text => localStorage.setItem(Object.keys(localStorage)[0], text)", damaged)
    page.reload()
    expect(page.locator("#lista-titulo")).to_have_text("Em alta")
    expect(page.locator("#ditos-total")).to_have_text("")
    like(page)
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    watch.assert_quiet(url)


def test_what_is_said_counts_where_the_browser_keeps_no_more(page: Page, url: str) -> None:
    visit(page, url)
    like(page)
    page.evaluate("() => { window.set = Storage.prototype.setItem; }")
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full'); }; }"
    )
    say(page, "#cartas", "Gostei de {}", "The Matrix")
    expect(page.locator("#ditos-total")).to_have_text("(2)")
    page.locator("#ditos summary").click()
    page.get_by_role("button", name="Esquecer tudo").click()
    expect(page.locator("#ditos-total")).to_have_text("")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("#ditos-total")).to_have_text("(2)")
    page.evaluate("() => { Storage.prototype.setItem = window.set; }")
    say(page, "#cartas", "Não gostei de {}", DISLIKED)
    expect(page.locator("#ditos-total")).to_have_text("(3)")
    page.reload()
    expect(page.locator("#ditos-total")).to_have_text("(3)")


def test_what_this_model_does_not_take_is_kept_and_counts_no_more(page: Page, url: str) -> None:
    """As after a training without a film that somebody had liked."""
    visit(page, url)
    like(page)
    page.evaluate("""() => {
        const [key] = Object.keys(localStorage);
        const { notas: [known] } = JSON.parse(localStorage.getItem(key));
        const gone = { ...known, id: 999999, titulo_exibido: "Sumido" };
        const high = { ...known, id: 2, titulo_exibido: "Nota alta", nota: 50 };
        localStorage.setItem(key, JSON.stringify({ notas: [gone, known, high] }));
    }""")
    page.reload()
    expect(page.locator("#filmes .why").first).to_have_text(f"Porque você gostou de {LIKED}")
    expect(page.locator("#ditos-total")).to_have_text("(3)")
    expect(page.locator("#problema")).to_be_empty()


def test_undo_takes_back_what_it_tells_of_also_for_somebody_else(page: Page, url: str) -> None:
    visit(page, f"{url}/?usuario=1")
    page.get_by_role("button", name="Voltar a mim").click()
    like(page)
    page.go_back()
    expect(page.locator("#notas-dele")).to_be_visible()
    say(page, "#cartas", "Gostei de {}", titles(page, "#cartas")[0])
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    page.go_forward()
    expect(page.locator("#lista-titulo")).to_have_text("Para você")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    page.go_back()
    expect(page.locator("#notas-dele")).to_be_visible()
    expect(page.locator("#ditos-total")).to_have_text("")


def test_back_shows_nobody_elses_list_and_the_language_of_then(page: Page, url: str) -> None:
    visit(page, f"{url}/?lingua=pt&usuario=1")
    page.locator("#mapa").scroll_into_view_if_needed()
    expect(page.locator("#mapa canvas")).to_be_visible()
    page.get_by_role("button", name="Voltar a mim").click()
    expect(page.locator("#lista-titulo")).to_have_text("Em alta")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".map-groups")).to_have_text("Groups of films")
    page.route("**/usuarios/1/*", lambda route: route.abort())
    page.go_back()
    expect(page.locator("#problema")).to_contain_text("O servidor não respondeu")
    expect(page.locator(".map-groups")).to_have_text("Grupos de filmes")
    expect(page.locator("#lista-titulo")).to_have_text("Carregando…")


@pytest.mark.parametrize("failing", [True, False])
def test_a_map_on_its_way_is_waited_for(page: Page, url: str, failing: bool) -> None:
    visit(page, f"{url}/?filme=193")

    def answer(route: Route) -> None:
        time.sleep(1)
        route.abort() if failing else route.continue_()

    page.route("**/mapa.json", answer)
    for _ in range(2):  # the second time it is being read
        page.evaluate("document.querySelector('#ficha [data-act=map]').click()")
    if failing:
        expect(page.locator("#mapa-tela")).to_contain_text("O servidor não respondeu")
    else:
        expect(page.locator("#mapa canvas")).to_be_visible()
    expect(page.locator("#aviso")).to_be_hidden()


# Languages


def test_english_by_the_browser_and_by_a_switch(chromium: Browser, url: str) -> None:
    with open_page(chromium, locale="en-GB") as page:
        watch = visit(page, url)
        expect(page.locator("#gostos-titulo")).to_have_text("What do you like?")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.locator("#cartas").get_by_label(f"I like {LIKED}", exact=True).click()
        expect(page.locator("#filmes .why").first).to_have_text(f"Because you like {LIKED}")
        rows = page.locator("#linhas h2, #linhas .hint")
        expect(rows.filter(has_text=f"Because you like {LIKED}").first).to_be_visible()
        told = " ".join([*rows.all_inner_texts(), page.locator(".top").inner_text()])
        assert not re.search(r"\b(você|gosta|mais|para)\b", told)
        genres = page.locator("#filmes .genre").all_inner_texts()
        assert {"comedy", "action"} <= {*genres}
        assert not {"comédia", "ação"} & {*genres}
        picture(page, "ingles")
        assert_accessible(page)
        page.get_by_role("button", name="Português").click()
        expect(page.locator("#filmes .why").first).to_have_text(f"Porque você gostou de {LIKED}")
        page.reload()
        expect(page.locator("#gostos-titulo")).to_have_text("Do que você gosta?")
        watch.assert_quiet(url)
    with open_page(chromium, locale="de-DE") as page:
        visit(page, url)
        expect(page.locator("#gostos-titulo")).to_have_text("What do you like?")


def test_both_languages_have_the_same_texts_and_all_are_used(page: Page, url: str) -> None:
    visit(page, url)
    texts = page.evaluate(
        f"import('./pagina/{front.digest()}/texts.js').then(({{ TEXTS }}) => "
        "Object.fromEntries(Object.entries(TEXTS).map(([one, all]) => [one, Object.keys(all)])))"
    )
    portuguese, english = set(texts["pt"]), set(texts["en"])
    assert portuguese - english == set()
    assert english - portuguese == {"status422"}  # in Portuguese the API says what is not taken
    files = [*front.PARTS.rglob("*.js"), front.PAGE / "index.html"]
    everything = "".join(file.read_text(encoding="utf-8") for file in files)
    composed = re.compile("^status[0-9]+$|Reason$|^(padrao|grupo|populares|em_alta)$")
    unused = [name for name in english if f'"{name}"' not in everything]
    assert [name for name in unused if not composed.search(name)] == []


# For everybody


def test_keyboard_alone_is_enough_and_the_focus_is_never_lost(page: Page, url: str) -> None:
    visit(page, url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ir às recomendações")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.act") == "like":
            break
    for total in (1, 2, 3):
        with page.expect_response("**/inicio"):
            page.keyboard.press("Enter")
        expect(page.locator("#ditos-total")).to_have_text(f"({total})")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.activeElement.dataset.act") == "like"
        assert page.evaluate("document.activeElement.closest('#cartas') !== null")
    page.locator("#filmes [data-act=dismiss]").first.focus()
    for total in (4, 5):
        with page.expect_response("**/inicio"):
            page.keyboard.press("Space")
        expect(page.locator("#ditos-total")).to_have_text(f"({total})")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.activeElement.dataset.act") == "dismiss"
        assert page.evaluate("document.activeElement.closest('#filmes') !== null")
    opened = page.locator("#filmes [data-act=open]").nth(3)
    opened.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ficha-titulo")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opened).to_be_focused()


def test_a_screen_reader_is_told_of_changes(page: Page, url: str) -> None:
    visit(page, url)
    status = page.get_by_role("status").and_(page.locator("#estado"))
    expect(status).to_contain_text(re.compile(r"^Em alta: 1\d filmes\. Primeiro: "))
    like(page)
    expect(status).to_contain_text(f"Para você: 12 filmes. Primeiro: {titles(page)[0]}")
    expect(page.locator("#aviso-texto")).to_have_attribute("role", "status")
    expect(page.locator("#aviso-texto")).to_have_text(f"Você gostou de {LIKED} (nota 5)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_in_light_and_dark(chromium: Browser, url: str, scheme: str) -> None:
    with open_page(chromium, color_scheme=scheme) as page:
        visit(page, url)
        assert_accessible(page)
        picture(page, f"inicio-{scheme}")
        like(page)
        say(page, "#cartas", "Gostei de {}", "The Matrix")
        say(page, "#cartas", "Não gostei de {}", DISLIKED)
        expect(page.locator("#ditos-total")).to_have_text("(3)")
        page.wait_for_load_state("networkidle")
        assert_accessible(page)
        page.get_by_label("Buscar filmes").fill("coen")
        expect(page.locator("#achados-titulo")).to_contain_text("filmes encontrados")
        assert_accessible(page)
        page.get_by_label("Buscar filmes").fill("")
        page.locator("#aviso").evaluate("(element) => { element.hidden = true; }")
        page.evaluate("document.activeElement.blur()")
        picture(page, f"page-{scheme}")


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 3840])
def test_it_fits_any_width_with_targets_large_enough(
    chromium: Browser, url: str, width: int
) -> None:
    with open_page(chromium, viewport={"width": width, "height": 900}) as page:
        visit(page, url)
        like(page)
        page.locator("#ajustes summary").click()
        page.locator("#ditos summary").click()
        assert_targets(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.locator("#filmes [data-act=open]").first.click()
        expect(page.locator("#ficha-titulo")).to_be_focused()
        assert_targets(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def assert_targets(page: Page) -> None:
    """Whatever can be pressed is 44 pixels high and wide; links in a line of text need not be."""
    settle(page)
    small = page.evaluate("""() => [...document.querySelectorAll(
            'button, select, summary, footer a, .top a, .check label, input:not([type=checkbox])')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }))
        .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 43.9 || height < 43.9)
        .map(([text, { width, height }]) => `${text} ${width} x ${height}`)""")
    assert small == []


def test_on_a_phone_the_list_is_in_view_at_once(phone: Page, url: str) -> None:
    visit(phone, url)
    first = phone.locator("#filmes > li").first
    expect(first).to_be_in_viewport(ratio=0.5)
    phone.locator("#cartas [data-act=like]").first.tap()
    expect(phone.locator("#lista-titulo")).to_have_text("Para você")
    expect(phone.locator("#filmes .why").first).to_be_in_viewport()
    assert_accessible(phone)
    picture(phone, "celular")


def test_nothing_moves_for_who_wants_calm(chromium: Browser, url: str) -> None:
    moved = """window.moved = 0;
        Element.prototype.animate = () => { window.moved += 1; return { finished: null }; };"""
    for preference, moves in (("reduce", False), ("no-preference", True)):
        with open_page(chromium, reduced_motion=preference) as page:
            page.add_init_script(moved)
            visit(page, url)
            like(page)
            assert (page.evaluate("window.moved") > 0) is moves


# When something fails


def test_offline_what_is_said_is_kept_and_the_list_comes_back(page: Page, url: str) -> None:
    visit(page, url)
    page.context.set_offline(True)
    alert = page.locator("#problema")
    expect(alert).to_contain_text("Sem conexão")
    say(page, "#cartas", "Gostei de {}", LIKED)
    expect(page.locator("#ditos-total")).to_have_text("(1)")
    expect(alert).to_contain_text("O servidor não respondeu")
    expect(page.locator("#filmes > li").first).to_be_visible()
    assert_accessible(page)
    picture(page, "sem-conexao")
    page.context.set_offline(False)
    expect(page.locator("#lista-titulo")).to_have_text("Para você")
    expect(alert).to_be_empty()


def test_a_failure_is_told_in_the_readers_language(chromium: Browser, url: str) -> None:
    with open_page(chromium, locale="en-GB") as page:
        visit(page, url)
        page.route("**/inicio", lambda route: route.fulfill(status=503, body="{}"))
        page.locator("#cartas").get_by_label(f"I like {LIKED}", exact=True).click()
        expect(page.locator("#problema")).to_contain_text("The service is not available.")
        page.unroute("**/inicio")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#filmes .why").first).to_be_visible()
        expect(page.locator("#problema")).to_be_empty()


def test_without_javascript_there_is_a_list(chromium: Browser, url: str) -> None:
    with open_page(chromium, java_script_enabled=False) as page:
        page.goto(url)
        expect(page.locator("#simples li")).to_have_count(12)
        expect(page.locator("#simples li").first).to_be_visible()
        expect(page.locator("#tela")).to_be_hidden()
        expect(page.get_by_label("Buscar filmes")).to_be_hidden()


def test_a_page_that_may_store_nothing_still_works_or_says_that_it_cannot(
    page: Page, url: str
) -> None:
    refuse = "() => { throw new DOMException('refused', 'SecurityError'); }"
    page.add_init_script(f"""for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, {{ get: {refuse} }});""")
    watch = visit(page, url)
    like(page)
    watch.assert_quiet(url)
    page.route("**/index.js", lambda route: route.fulfill(status=404))
    page.reload()
    expect(page.locator("#falha")).to_be_visible()
    expect(page.locator("#simples li")).to_have_count(12)


@pytest.mark.parametrize("recovers", [True, False])
def test_a_page_of_another_version_is_loaded_anew_once(
    page: Page, url: str, recovers: bool
) -> None:
    loads: list[str] = []
    page.on(
        "request", lambda asked: loads.append(asked.url) if asked.is_navigation_request() else None
    )

    def stale(route: Route) -> None:
        answer = route.fetch()
        body = answer.text()
        if len(loads) == 1 or not recovers:
            body = body.replace(front.digest(), "0123456789ab")
        route.fulfill(response=answer, body=body)

    page.route(f"{url}/", stale)
    page.goto(url)
    if recovers:
        expect(page.locator("#filmes > li").first).to_be_visible()
    else:
        expect(page.locator("#falha")).to_be_visible()
        expect(page.locator("#simples li")).to_have_count(12)
    assert len(loads) == 2


def test_the_policy_lets_no_other_script_run(page: Page, url: str) -> None:
    watch = visit(page, url)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    assert len(watch.faults) == 1
    assert "Content Security Policy" in watch.faults[0]


def test_it_works_under_a_base_path(page: Page, artifact_dir: Path) -> None:
    with serving(create_app(artifact_dir, base_path="/v1")) as url:
        watch = visit(page, f"{url}/v1/")
        like(page)
        assert DESKTOP["width"] == page.evaluate("document.documentElement.scrollWidth")
        watch.assert_quiet(url)
