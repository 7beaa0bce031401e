// The lists of the page: films to begin with, the recommendations, and rows as film services show them.

import { byId, calm, make, show } from "./dom.js";
import { card } from "./film.js";
import { choices, facts } from "./state.js";
import { number, say } from "./texts.js";

const DECK = 12; // films to begin with
const TELLING = 0.2; // of what the first reason adds, for what a disliked film takes to be told

/** Return films to say something of: none of which something was said, or which `theirs` has. */
export function deckOf(said, theirs = []) {
  const done = new Set(
    [...said.notas, ...said.vistos, ...said.fora].map(({ id }) => id).concat(theirs.map(({ filme_id: id }) => id)),
  );
  return facts.filmes.filter(({ id }) => !done.has(id)).slice(0, DECK);
}

/** Show films to say something of. */
export function showDeck(said, theirs) {
  const left = deckOf(said, theirs);
  show(
    byId("cartas"),
    left,
    ({ id }) => id,
    (film, old) => card(film, old, said),
    byId("gostos-titulo"),
  );
  byId("cartas-fim").hidden = left.length > 0;
}

/**
 * Show the recommendations. `told` has `films`, `title`, `reason`, `strategy` (of the answer), and for a user of the
 * data `difference` from today's list, if something was said.
 */
export function showList(told, said) {
  byId("lista-titulo").textContent = told.title;
  byId("lista-motivo").textContent = told.reason;
  const notes = (film) => [badge(film, told.difference), reason(film, told.strategy)].filter(Boolean);
  show(
    byId("filmes"),
    told.films,
    ({ id }) => id,
    (film, old) => card(film, old, said, notes(film)),
    byId("lista-titulo"),
  );
  byId("nenhum").hidden = told.films.length > 0;
  showLeft(told.difference);
}

/** Return why a film is in a list of its own; null where the heading of the list says all there is to say. */
function reason(film, strategy) {
  const names = (reasons) => reasons.slice(0, 2).map(({ titulo_exibido }) => titulo_exibido);
  if (strategy !== "padrao") return null;
  const [liked, disliked] = choices.usuario ? ["whyOther", "againstOther"] : ["why", "against"];
  const text = film.motivos.length ? say(liked, names(film.motivos)) : say("whyAll");
  const against = film.contra.filter(({ parcela }) => -parcela >= TELLING * (film.motivos[0]?.parcela ?? 0));
  return make("p", { className: "why" }, against.length ? `${text}, ${say(disliked, names(against))}` : text);
}

function badge(film, difference) {
  if (film.ja_avaliado) return make("span", { className: "badge" }, say("alreadyRated"));
  if (!difference) return null;
  if (difference.entraram.some(({ id }) => id === film.id))
    return make("span", { className: "badge in" }, say("entered"));
  const moved = difference.mudaram.find(({ id }) => id === film.id);
  return moved ? make("span", { className: "badge" }, say(moved.de > moved.para ? "up" : "down", moved.de)) : null;
}

function showLeft(difference) {
  const left = difference?.sairam ?? [];
  byId("sairam").replaceChildren(
    ...left.map((film) =>
      make("li", { "data-film": film.id }, opener(film), make("span", {}, say("left", film.posicao))),
    ),
  );
  byId("sairam").hidden = !left.length;
}

/** Show today's list of a user beside the one that would be, if there is a difference. */
export function showToday({ films, difference }) {
  byId("hoje").hidden = !difference;
  const today = difference ? listBefore(films, difference) : [];
  byId("hoje-filmes").replaceChildren(...today.map((film) => make("li", { "data-film": film.id }, opener(film))));
}

/** Return the list from which another one differs so. */
function listBefore(films, { entraram, sairam, mudaram }) {
  const entered = new Set(entraram.map(({ id }) => id));
  const moved = new Map(mudaram.map(({ id, de }) => [id, de]));
  const before = films
    .map((film, place) => [moved.get(film.id) ?? place + 1, film])
    .filter(([, { id }]) => !entered.has(id));
  return [...before, ...sairam.map((film) => [film.posicao, film])]
    .sort(([one], [other]) => one - other)
    .map(([, film]) => film);
}

/** Show the other lines of a first screen, without films that `shown` has; `other` is for whom, if not for oneself. */
export function showRows(lines, shown, said, other) {
  const left = lines
    .map((line) => ({ ...line, filmes: line.filmes.filter(({ id }) => !shown.has(id)) }))
    .filter(({ filmes }) => filmes.length > 1);
  show(
    byId("linhas"),
    left,
    ({ tipo, alvo, filme_id: id }) => `${tipo}:${id}:${alvo}`, // films may share a title
    (line, old) => {
      const row = old || makeRow();
      const [head, reason, strip] = row.children;
      const title = head.firstChild;
      title.textContent = say("rowTitle", line, other);
      reason.textContent = say("rowReason", line, other);
      show(
        strip,
        line.filmes,
        ({ id: film }) => film,
        (film, before) => card(film, before, said),
        title,
      );
      return row;
    },
    byId("lista-titulo"),
  );
}

let rows = 0; // made so far

function makeRow() {
  const id = `linha-${++rows}`;
  return make(
    "section",
    { className: "row", "aria-labelledby": id },
    make("div", { className: "row-head" }, make("h2", { id, tabIndex: -1 }), arrows()),
    make("p", { className: "hint" }),
    make("ul", { className: "strip" }),
  );
}

/** Return buttons that move a row, for a mouse: by keyboard and by touch it moves by itself. */
function arrows() {
  const arrow = (sign, way) => {
    const made = make("button", { type: "button", tabIndex: -1 }, sign);
    made.addEventListener("click", () => {
      const strip = made.closest(".row").querySelector(".strip");
      strip.scrollBy({ left: way * 0.8 * strip.clientWidth, behavior: calm.matches ? "auto" : "smooth" });
    });
    return made;
  };
  return make("span", { className: "arrows", "aria-hidden": "true" }, arrow("‹", -1), arrow("›", 1));
}

/** Show what a user of the data has rated (of `total`), the best first; nothing without a name. */
export function showTheirs(theirs, total, name) {
  const box = byId("notas-dele");
  const [summary, list] = box.children;
  box.hidden = !name;
  summary.textContent = name ? say("theirRatings", name, total) : "";
  const rated = [...theirs].sort((one, other) => other.avaliacao - one.avaliacao);
  list.replaceChildren(
    ...rated.map((film) =>
      make("li", { "data-film": film.filme_id }, opener(film), make("span", {}, `★ ${number(film.avaliacao)}`)),
    ),
  );
}

const opener = (film) => make("button", { type: "button", className: "link", "data-act": "open" }, film.titulo_exibido);

/** Show what was said of films, each with a button that opens it and one that takes it back. */
export function showSaid(said) {
  const parts = [
    ["notas", "rated"],
    ["vistos", "seenTitle"],
    ["fora", "dismissedTitle"],
  ];
  const total = parts.reduce((sum, [name]) => sum + said[name].length, 0);
  byId("ditos-total").textContent = total ? `(${total})` : "";
  byId("ditos-nada").hidden = total > 0;
  byId("esquecer").hidden = !total;
  for (const [name] of parts) {
    byId(`ditos-${name}`).hidden = !said[name].length;
    show(
      byId(`ditos-${name}`).querySelector("ul"),
      [...said[name]].reverse(),
      ({ id }) => id,
      (film, old) => saidOf(film, old),
      byId("ditos-resumo"),
    );
  }
}

function saidOf(film, old) {
  const row =
    old ||
    make(
      "li",
      { "data-film": film.id },
      opener(film),
      make("span", {}),
      make("button", { type: "button", className: "small", "data-act": "takeBack" }),
    );
  const [, grade, takeBack] = row.children;
  grade.textContent = "nota" in film ? say("yourGrade", film.nota) : "";
  takeBack.textContent = say("takeBack");
  takeBack.setAttribute("aria-label", say("takeBackOf", film.titulo_exibido));
  return row;
}
