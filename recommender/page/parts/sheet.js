// The page of one film: what is known of it, why it is recommended, and films like it.

import { address, ask } from "./api.js";
import { byId, make } from "./dom.js";
import { card, films, verdict } from "./film.js";
import { paint } from "./poster.js";
import { said } from "./state.js";
import { groupWords, number, percent, say } from "./texts.js";

const SIMILAR = 12;

/** Ask for a film, and return a function that shows it; `strip` is the element to fill. */
export async function readSheet(id) {
  const [{ body: film }, { body: similar }] = await Promise.all([
    ask(`filmes/${id}`), ask(address(`filmes/${id}/similares`, { limite: SIMILAR }))]);
  return { film, similar };
}

/** Fill the dialog with a film. What was said of it may have changed since. */
export function fillSheet({ film, similar }) {
  const known = { ...films.get(film.id), ...film };
  films.set(film.id, known);
  const spoken = said();
  byId("ficha-corpo").replaceChildren(
    make("div", { className: "head" },
      paint(make("div", { "aria-hidden": "true" }), film),
      make("div", {},
        make("h2", { id: "ficha-titulo", tabIndex: -1 }, film.titulo_exibido),
        names("genres", film.genero, "genre"), names("director", film.diretor, "search"), names("actors", film.atores, "search"),
        make("p", { className: "meta" }, `${say("group")}: ${groupWords(film.grupo.rotulo)}`),
        verdict(film, spoken),
        make("p", { "data-film": film.id }, make("button", { type: "button", "data-act": "map" }, say("onMap"))))),
    ratings(film),
    shares(known),
    similar.length ? make("section", {}, make("h3", {}, say("similar")),
      make("ul", { className: "strip" }, ...similar.map((other) => card(other, null, spoken)))) : null,
  );
}

function names(title, text, act) {
  const all = (text || "").split(",").map((name) => name.trim()).filter(Boolean);
  if (!all.length) return null;
  const buttons = all.map((name) => make("button", { type: "button", className: "chip", "data-act": act, "data-name": name }, name));
  return make("div", { className: "chips" }, make("span", { className: "meta" }, say(title)), ...buttons);
}

function ratings(film) {
  const bars = film.histograma || [];
  const most = Math.max(1, ...bars.map(({ total }) => total));
  const span = ({ de, ate }) => (de === ate ? number(de) : `${number(de)}–${number(ate)}`);
  const chart = make("ul", { className: "histogram", "aria-label": say("histogram") }, ...bars.map((bar) => {
    const column = make("span", { className: "bar" });
    column.style.setProperty("--part", bar.total / most);
    return make("li", { title: `${span(bar)}: ${say("people", bar.total)}` }, make("span", { className: "hidden" }, `${span(bar)}: ${say("people", bar.total)}`),
      column, make("span", { className: "meta", "aria-hidden": "true" }, span(bar)));
  }));
  const mean = film.total_avaliacoes ? say("mean", film.avaliacao_media, film.total_avaliacoes) : say("noRatings");
  return make("section", {}, make("h3", {}, mean), film.total_avaliacoes && bars.length ? chart : null);
}

/** Return the parts of the score of a recommended film as bars, or null where it is not recommended. */
function shares(film) {
  if (!film.motivos?.length && !film.contra?.length) return null;
  const rows = [
    ...film.motivos.map((one) => [say("shareLiked", one.titulo_exibido, one.avaliacao ?? 0), one.parcela, one.avaliacao]),
    ...film.contra.map((one) => [say("shareAgainst", one.titulo_exibido, one.avaliacao ?? 0), one.parcela, one.avaliacao]),
  ].filter(([, , rating]) => rating !== null).map(([text, share]) => [text, share]);
  if (!rows.length) return null;
  rows.push([say("shareRest"), film.resto]);
  const most = Math.max(...rows.map(([, share]) => Math.abs(share))) || 1;
  return make("section", {}, make("h3", {}, say("whyTitle")), make("p", { className: "hint" }, say("whyHint")),
    make("ul", { className: "shares" }, ...rows.map(([text, share]) => {
      const bar = make("span", { className: `bar ${share < 0 ? "against" : ""}` });
      bar.style.setProperty("--part", Math.abs(share) / most);
      const told = film.pontuacao > 0 ? percent(share / film.pontuacao) : number(share, 4);
      return make("li", {}, make("span", {}, text), bar, make("span", { className: "meta" }, told));
    })));
}
