// The page of one film: what is known of it, why it is recommended, and films like it.

import { address, ask } from "./api.js";
import { byId, make } from "./dom.js";
import { card, films, recommended, verdict } from "./film.js";
import { tellProblem } from "./notices.js";
import { paint } from "./poster.js";
import { choices, choose, said } from "./state.js";
import { genreName, groupWords, listed, number, percent, say } from "./texts.js";

const SIMILAR = 12;

const dialog = byId("ficha");
let shown = null; // the film in the dialog, and films like it

/** Open the page of a film; `step` makes it one that the Back button undoes. */
export async function openSheet(id, step = true) {
  if (String(id) !== choices.filme) choose({ filme: String(id) }, { step });
  try {
    const [{ body: film }, { body: similar }] = await Promise.all([
      ask(`filmes/${id}`),
      ask(address(`filmes/${id}/similares`, { limite: SIMILAR })),
    ]);
    if (choices.filme !== String(id)) return; // another one was opened meanwhile, or none
    shown = { film, similar };
    fill();
    if (!dialog.open) dialog.showModal();
    byId("ficha-titulo").focus();
    dialog.scrollTop = 0;
  } catch (error) {
    if (choices.filme !== String(id)) return;
    closeSheet(); // the one of another film, in front of what is told
    choose({ filme: "" });
    const again = () => {
      tellProblem(null);
      openSheet(id);
    };
    tellProblem(error, [["retry", again]]);
  }
}

/** Close the page of a film, if one is open. */
export const closeSheet = () => dialog.close();

/** Show what is said of films by now, with the focus where it was. */
export function refreshSheet() {
  if (!shown) return;
  const focused = document.activeElement;
  const { act, grade } = focused.dataset;
  const film = focused.closest("[data-film]")?.dataset.film;
  const { scrollLeft } = dialog.querySelector(".strip");
  fill();
  dialog.querySelector(".strip").scrollLeft = scrollLeft;
  const again = dialog.querySelector(
    `[data-film="${film}"] [data-act="${act}"]${grade ? `[data-grade="${grade}"]` : ""}`,
  );
  if (dialog.open && !dialog.contains(document.activeElement)) (again || byId("ficha-titulo")).focus();
}

dialog.addEventListener("close", () => {
  shown = null;
  if (choices.filme) choose({ filme: "" });
  // What had the focus before may be gone.
  const focused = document.activeElement;
  if (focused === document.body || dialog.contains(focused)) byId("lista-titulo").focus({ preventScroll: true });
});

function fill() {
  const { film, similar } = shown;
  films.set(film.id, film);
  const spoken = said();
  byId("ficha-corpo").replaceChildren(
    make(
      "div",
      { className: "head" },
      paint(make("div", { "aria-hidden": "true" }), film),
      make(
        "div",
        {},
        make("h2", { id: "ficha-titulo", tabIndex: -1 }, film.titulo_exibido),
        names("genres", film.genero, "genre"),
        names("director", film.diretor, "search"),
        names("actors", film.atores, "search"),
        make("p", { className: "meta" }, `${say("group")}: ${groupWords(film.grupo.rotulo)}`),
        verdict(film, spoken),
        make("p", { "data-film": film.id }, make("button", { type: "button", "data-act": "map" }, say("onMap"))),
      ),
    ),
    ratings(film),
    ...shares(recommended.get(film.id)),
    make(
      "section",
      { hidden: !similar.length },
      make("h3", {}, say("similar")),
      make("ul", { className: "strip" }, ...similar.map((other) => card(other, null, spoken))),
    ),
  );
}

function names(title, text, act) {
  const all = listed(text);
  if (!all.length) return null;
  const buttons = all.map((name) =>
    make(
      "button",
      { type: "button", className: "chip", "data-act": act, "data-name": name },
      act === "genre" ? genreName(name) : name,
    ),
  );
  return make("div", { className: "chips" }, make("span", { className: "meta" }, say(title)), ...buttons);
}

function ratings(film) {
  const bars = film.histograma || [];
  const most = Math.max(1, ...bars.map(({ total }) => total));
  const span = ({ de, ate }) => (de === ate ? number(de) : `${number(de)}–${number(ate)}`);
  const chart = make(
    "ul",
    { className: "histogram", "aria-label": say("histogram") },
    ...bars.map((bar) => {
      const column = make("span", { className: "bar" });
      column.style.setProperty("--part", bar.total / most);
      return make(
        "li",
        { title: `${span(bar)}: ${say("people", bar.total)}` },
        make("span", { className: "hidden" }, `${span(bar)}: ${say("people", bar.total)}`),
        column,
        make("span", { className: "meta", "aria-hidden": "true" }, span(bar)),
      );
    }),
  );
  const mean = film.total_avaliacoes ? say("mean", film.avaliacao_media, film.total_avaliacoes) : say("noRatings");
  return make("section", {}, make("h3", {}, mean), film.total_avaliacoes && bars.length ? chart : null);
}

/** Return the parts of the score of a recommended film as bars; nothing where it is not recommended for ratings. */
function shares(film) {
  const told = film ? [...film.motivos, ...film.contra] : [];
  if (!told.length) return [];
  const isAll = !choices.usuario && said().notas.length === told.length;
  const opener = (one) =>
    make(
      "button",
      { type: "button", className: "link", "data-act": "open" },
      say("share", one.titulo_exibido, one.avaliacao),
    );
  const rows = told.map((one) => [opener(one), one.parcela, one.filme_id]);
  rows.push([say(isAll ? "shareAll" : "shareRest"), film.resto]);
  const most = Math.max(...rows.map(([, share]) => Math.abs(share)));
  const bars = rows.map(([text, share, id]) => {
    const bar = make("span", { className: `bar ${share < 0 ? "against" : ""}` });
    bar.style.setProperty("--part", Math.abs(share) / most);
    const part = film.pontuacao > 0 ? percent(share / film.pontuacao) : number(share, 4);
    return make(
      "li",
      id === undefined ? {} : { "data-film": id },
      make("span", {}, text),
      bar,
      make("span", { className: "meta" }, part),
    );
  });
  const list = make("ul", { className: "shares" }, ...bars);
  return [make("section", {}, make("h3", {}, say("whyTitle")), make("p", { className: "hint" }, say("whyHint")), list)];
}
