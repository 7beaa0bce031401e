// The page: what the reader does, and what is shown then.

import { ask, newest } from "./api.js";
import { rankGroups } from "./colours.js";
import { listenToControls, showControls } from "./controls.js";
import { byId, make } from "./dom.js";
import { films, meaningOf, recommended } from "./film.js";
import { showDeck, showList, showRows, showSaid, showTheirs, showToday } from "./lists.js";
import { button, hush, tell, tellProblem } from "./notices.js";
import { openPeople, userName } from "./people.js";
import { given, readScreen } from "./screen.js";
import { search, searchFor, showFound } from "./search.js";
import { closeSheet, openSheet, refreshSheet } from "./sheet.js";
import { choices, choose, facts, forget, leaning, readAddress, remember, said, sayOf, wordOn } from "./state.js";
import { language, say, speak, translate } from "./texts.js";

let screen = null; // as it was answered last
let map = null;
let opening = null; // a promise of the map

const refresh = newest(async () => {
  const read = await readScreen();
  return () => {
    screen = read;
    recommended.clear();
    for (const film of [...read.films, ...read.lines.flatMap(({ filmes }) => filmes)]) recommended.set(film.id, film);
    tellProblem(null);
    render();
    if (!map) mapWatch.observe(byId("mapa"));
    byId("estado").textContent = read.films.length
      ? say("listNow", byId("lista-titulo").textContent, read.films.length, read.films[0].titulo_exibido)
      : say("noFilms");
  };
}, report);

/** Show everything: what was answered last, with what is said and chosen by now. */
function render() {
  const spoken = said();
  const user = choices.usuario && userName(choices.usuario);
  const theirs = screen?.theirs ?? [];
  byId("pessoa").textContent = user || say("me");
  byId("pessoa").title = say("pickUser");
  byId("voltar").hidden = !user;
  byId("gostos-titulo").textContent = user ? say("deckTitleOf", user) : say("deckTitle");
  byId("gostos-dica").textContent = user ? say("whatIf", user) : say("deckHint");
  showControls();
  showDeck(spoken, theirs);
  showSaid(spoken);
  showTheirs(theirs, screen?.total ?? 0, user);
  showFound(spoken);
  refreshSheet();
  if (!screen) byId("lista-titulo").textContent = say("loading");
  else {
    const [title, reason] = titleOf(screen, user);
    // What was said since the answer counts at once.
    const gone = new Set(
      [...(choices.vistos ? [] : [...spoken.notas, ...spoken.vistos]), ...spoken.fora].map(({ id }) => id),
    );
    const left = screen.films.filter(({ id }) => !gone.has(id));
    showList({ ...screen, films: left, title, reason }, spoken);
    showToday(screen);
    showRows(screen.lines, new Set([...screen.films.map(({ id }) => id), ...gone]), spoken, user);
    byId("versao").textContent = say("version", screen.version.slice(0, 12));
  }
  placeOnMap(theirs, spoken.notas);
}

function titleOf({ line, strategy }, user) {
  if (line) return [say("rowTitle", line), say("rowReason", line)];
  const own = user
    ? say(given().length ? "listWith" : "listOf", user)
    : say(strategy === "padrao" ? "forYou" : strategy);
  return [own, say(`${strategy}Reason`)];
}

function report(error) {
  const again = () => {
    byId("lista-titulo").focus({ preventScroll: true });
    refresh();
  };
  tellProblem(error, [["retry", again], ...(choices.usuario ? [["backToMe", () => become("")]] : [])]);
}

// What the reader says of films.

const TOLD = {
  like: "didLike",
  dislike: "didDislike",
  seen: "didSeen",
  dismiss: "didDismiss",
  takeBack: "didTakeBack",
  grade: "didRate",
};

function sayOfFilm(film, act, grade) {
  const restore = remember();
  const meant = act === "grade" ? grade : act === "takeBack" ? null : meaningOf(act);
  const repeated = wordOn(film.id) === meant; // the second time takes it back
  sayOf(film, repeated ? null : meant);
  // Of somebody else's list, it is not oneself who likes.
  const done = repeated ? "takeBack" : choices.usuario && typeof meant === "number" ? "grade" : act;
  tell(say(TOLD[done], film.titulo_exibido, meant), () => bringBack(restore));
  render();
  refresh();
}

function bringBack(restore) {
  restore();
  byId("lista-titulo").focus({ preventScroll: true });
  render();
  refresh();
}

byId("esquecer").addEventListener("click", () => {
  const restore = forget();
  tell(say("forgotten"), () => bringBack(restore));
  byId("ditos-resumo").focus();
  render();
  refresh();
});

// What the reader chooses.

function change(changes) {
  choose(changes);
  showControls();
  refresh();
}

/** Show the page as a user of the data would see it; "" is oneself. */
function become(user) {
  hush();
  choose({ usuario: user }, { step: true });
  screen = null;
  scrollTo(0, 0);
  byId("lista-titulo").focus({ preventScroll: true });
  render();
  refresh();
}

function talk() {
  speak(choices.lingua);
  translate(document);
  byId("busca").placeholder = say(
    facts.filmes.some(({ diretor, atores }) => diretor || atores) ? "searchHint" : "searchTitles",
  );
  byId("estado").textContent = "";
  for (const choice of document.querySelectorAll("[data-language]"))
    choice.setAttribute("aria-pressed", String(choice.dataset.language === language()));
  map?.translate();
}

listenToControls(change);
byId("pessoa").hidden = facts.usuarios === "nenhum";
byId("pessoa").addEventListener("click", () => openPeople(become, report));
byId("voltar").addEventListener("click", () => become(""));
for (const choice of document.querySelectorAll("[data-language]")) {
  choice.addEventListener("click", () => {
    choose({ lingua: choice.dataset.language });
    hush();
    talk();
    render();
    if (choices.busca) search();
  });
}

// The map is read when it comes near the view, or when somebody looks for a film on it.

const openMap = () => (opening ??= readMap());

async function readMap() {
  try {
    const { createMap } = await import("./map/map.js");
    map = createMap(byId("mapa-tela"), { ask: async (path) => (await ask(path)).body, language, open: openSheet });
    await map.load();
    render();
  } catch {
    // offline, or a server of another version
    byId("mapa-tela").replaceChildren(
      make("p", { className: "fault" }, say("unreachable")),
      button("retry", () => location.reload()),
    );
  }
  return map;
}

function placeOnMap(theirs, rated) {
  const leanings = [
    ...theirs.map((film) => [film.filme_id, film.avaliacao]),
    ...rated.map(({ id, nota }) => [id, nota]),
  ];
  map?.place(new Map(leanings.map(([id, rating]) => [id, leaning(rating)])));
}

async function showOnMap(id) {
  closeSheet();
  byId("mapa-titulo").focus();
  byId("mapa").scrollIntoView({ block: "start" });
  const opened = await openMap();
  byId("mapa").scrollIntoView({ block: "start" }); // which has its size by now
  if (opened?.show(id) === false) tell(say("notOnMap"));
}

const mapWatch = new IntersectionObserver(
  (seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    mapWatch.disconnect();
    openMap();
  },
  { rootMargin: "300px" },
);

// Every button that does something with a film says what (`data-act`), and is in an element that says with which.

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-act]");
  if (!pressed) return;
  const { act, name, grade } = pressed.dataset;
  const id = Number(pressed.closest("[data-film]")?.dataset.film);
  if (act === "open") openSheet(id);
  else if (act === "map") showOnMap(id);
  else if (act === "genre") {
    closeSheet();
    change({ genero: facts.generos.find((one) => one.toLowerCase() === name.toLowerCase()) || name });
  } else if (act === "search") {
    closeSheet();
    searchFor(name).then(() => byId("achados-titulo").focus());
  } else {
    const { notas, vistos, fora } = said();
    const film = films.get(id) || [...notas, ...vistos, ...fora].find((one) => one.id === id);
    if (film) sayOfFilm(film, act, Number(grade));
  }
});

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // on what is behind it
}

addEventListener("popstate", start);
addEventListener("offline", () => report(new Error(say("offline"))));
addEventListener("online", () => {
  tell(say("online"));
  refresh();
});

/** Show what the address says. */
function start() {
  const before = choices.usuario;
  readAddress();
  if (choices.usuario !== before) screen = null;
  talk();
  byId("busca").value = choices.busca;
  render();
  refresh();
  search();
  if (choices.filme) openSheet(Number(choices.filme), false);
  else closeSheet();
}

rankGroups(facts.grupos);
byId("tela").hidden = false;
start();
