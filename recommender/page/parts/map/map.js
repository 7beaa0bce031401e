// The map, alive: films where the model has them, to pan, zoom, search and open.

import { groupColour } from "../colours.js";
import { calm } from "../dom.js";
import { translateKind } from "../texts.js";
import { SHOWN, arrange, locate, makeHit, neighbour, search } from "./map-films.js";
import { fillFrame, makeFrame, showMessage, showTip } from "./map-frame.js";
import { listen } from "./map-gestures.js";
import { createPainter } from "./map-painter.js";
import { MAP_TEXTS } from "./map-texts.js";
import { createView, travel } from "./map-view.js";

const HINT = 1600; // milliseconds
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * A map in an empty element. `ask(path)` gives the JSON of a path, `language()` "pt" or "en", `open(id)`
 * opens a film's details.
 */
export function createMap(host, { ask, language, open }) {
  let ratings = new Map(),
    drawn = null;
  const texts = () => MAP_TEXTS[language()];

  async function load() {
    if (drawn) return;
    showMessage(host, texts().loading);
    try {
      const films = arrange(await ask("mapa.json"));
      if (!films.count) {
        showMessage(host, texts().empty);
        return;
      }
      drawn = drawMap(host, films, { texts, language, open });
      drawn.place(ratings);
    } catch (error) {
      showMessage(host, error.message, texts().again, load);
    }
  }

  return {
    load,
    /** Shows a film; false if it is not on the map, undefined as long as there is none. */
    show: (id) => drawn?.show(id),
    place(next) {
      ratings = next;
      drawn?.place(next);
    },
    translate: () => drawn?.translate(),
  };
}

function drawMap(host, films, { texts, language, open }) {
  const parts = makeFrame(host, films);
  const { canvas, frame, buttons } = parts;
  const view = createView(films.count);
  const painter = createPainter(canvas, films, view);
  const hit = makeHit(films, view, painter.radius);
  const state = { lit: null, hovered: -1, cursor: -1, chosen: -1, you: null, youWord: "", names: [] };
  let found = null,
    visited = -1; // films of the search, and which of them was shown last
  let flight = null,
    glide = null,
    frameAsked = 0,
    hintTimer;

  const redraw = () => {
    frameAsked ||= requestAnimationFrame(paint);
  };
  function paint(now) {
    frameAsked = 0;
    if (!view.width) return;
    if (flight?.(now)) flight = null;
    if (glide?.(now)) glide = null;
    painter.draw(state, [buttons.offsetLeft, buttons.offsetTop, buttons.offsetWidth, buttons.offsetHeight]);
    canvas.style.touchAction = view.zoom > 1 ? "none" : "pan-y"; // a finger on the whole map scrolls the page
    parts.in.setAttribute("aria-disabled", view.zoom >= view.furthest);
    parts.out.setAttribute("aria-disabled", view.zoom <= 1);
    placeTip();
    if (flight || glide) redraw();
  }

  const go = (move) => {
    redraw();
    return travel(move, calm.matches);
  };
  function fly(toX, toY, zoom) {
    const { x, y, zoom: from } = view;
    flight = go((part) => {
      const reached = from * (zoom / from) ** part;
      // The target nears evenly on the screen while the zoom changes.
      const along = Math.abs(zoom - from) < 0.01 ? part : (1 / reached - 1 / from) / (1 / zoom - 1 / from);
      view.moveTo(x + (toX - x) * along, y + (toY - y) * along, reached);
    });
  }

  const groupName = ({ kind, examples }) => translateKind(kind, language()) || examples;
  const describe = (film) => [films.titles[film], groupName(films.groupOf(film)), texts().seen(films.shares[film])];
  const say = (text) => {
    parts.said.textContent = text;
  };

  function placeTip() {
    const film = state.hovered >= 0 ? state.hovered : state.cursor;
    parts.tip.hidden = film < 0;
    if (film >= 0)
      showTip(parts, describe(film), view.toX(films.x[film]), view.toY(films.y[film]), painter.radius(film) + 10);
  }

  // Lights some films (rows; null: all), those of a pressed group or of a search.
  function light(rows, slot = -1) {
    if (slot >= 0 || !rows) {
      parts.search.value = "";
      found = null;
    }
    parts.groups.forEach((group, place) => group.setAttribute("aria-pressed", place === slot));
    state.lit = rows && new Uint8Array(films.count);
    rows?.forEach((row) => {
      state.lit[row] = 1;
    });
    tellFound();
    redraw();
  }

  function tellFound() {
    parts.next.hidden = !found?.length;
    parts.found.textContent = !found
      ? ""
      : visited < 0
        ? texts().found(found.length)
        : texts().visited(visited + 1, found.length, films.titles[found[visited]]);
  }

  function look() {
    const rows = search(films, parts.search.value);
    found = rows;
    visited = -1;
    light(rows);
  }

  function visit(step) {
    if (!found?.length) return;
    visited = (Math.max(visited, step < 0 ? 0 : -1) + step + found.length) % found.length;
    approach(found[visited]);
    tellFound();
  }

  function approach(film) {
    state.chosen = film;
    fly(films.x[film], films.y[film], Math.max(view.zoom, 4, Math.sqrt(films.count) / 5));
  }

  function moveCursor(film) {
    if (!(film in films.ids)) {
      say(texts().none);
      return;
    }
    const x = view.toX(films.x[film]),
      y = view.toY(films.y[film]);
    if (Math.min(x, y, view.width - x, view.height - y) < 40) fly(films.x[film], films.y[film], view.zoom);
    Object.assign(state, { cursor: film, hovered: -1 });
    say(`${describe(film).join(". ")}.`);
    redraw();
  }

  // Where arrows start: the best known film that can be seen.
  const firstInView = () =>
    films.ids.findIndex(
      (_, film) =>
        (!state.lit || state.lit[film]) &&
        Math.abs(films.x[film] - view.x) <= view.fromX(view.width) - view.x &&
        Math.abs(films.y[film] - view.y) <= view.fromY(view.height) - view.y,
    );

  function zoomAt(x, y, factor) {
    flight = null;
    redraw();
    return view.zoomAt(x, y, factor);
  }

  function zoomBy(factor) {
    zoomAt(view.width / 2, view.height / 2, factor);
    say(texts().zoomed(view.zoom));
  }

  function reset() {
    Object.assign(state, { cursor: -1, hovered: -1, chosen: -1 });
    fly(0.5, 0.5, 1);
    say(texts().reset);
  }

  function hover(film) {
    canvas.classList.toggle("map-over", film >= 0);
    if (film !== state.hovered) redraw();
    state.hovered = film;
  }

  listen(canvas, {
    pan(right, down) {
      flight = null;
      view.pan(right, down);
      hover(-1);
      redraw();
    },
    zoomAt,
    zoomBy,
    reset,
    hover: (x, y) => hover(hit(x, y, 4, state.lit)),
    leave: () => hover(-1),
    tap(x, y, byFinger) {
      const film = hit(x, y, byFinger ? 18 : 4, state.lit);
      if (film >= 0) open(films.ids[film]);
    },
    hint() {
      frame.classList.add("map-hinting");
      clearTimeout(hintTimer);
      hintTimer = setTimeout(() => frame.classList.remove("map-hinting"), HINT);
    },
    step: (direction) =>
      moveCursor(state.cursor < 0 ? firstInView() : neighbour(films, view, state.cursor, direction, state.lit)),
    walk(step) {
      let film = state.cursor + step;
      while (state.lit?.[film] === 0) film += step;
      moveCursor(film);
    },
    enter() {
      if (state.cursor >= 0) open(films.ids[state.cursor]);
      else moveCursor(firstInView());
    },
  });
  parts.in.addEventListener("click", () => zoomBy(1.6));
  parts.out.addEventListener("click", () => zoomBy(1 / 1.6));
  parts.reset.addEventListener("click", reset);
  parts.me.addEventListener("click", () => state.you && fly(state.you.x, state.you.y, Math.max(view.zoom, 2.5)));
  parts.next.addEventListener("click", () => visit(1));
  parts.search.addEventListener("input", look);
  parts.search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") visit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") light(null);
    else return;
    event.preventDefault();
  });
  parts.groups.forEach((group, slot) =>
    group.addEventListener("click", () => {
      const on = group.getAttribute("aria-pressed") !== "true";
      light(on ? [...films.ids.keys()].filter((row) => films.slots[row] === slot) : null, on ? slot : -1);
    }),
  );

  function recolour() {
    const style = getComputedStyle(host);
    const [paper, ink, soft, accent] = ["--card", "--ink", "--soft", "--accent"].map((name) =>
      style.getPropertyValue(name),
    );
    const mix = (colour, part, other) => `color-mix(in oklab, ${colour} ${part}%, ${other})`;
    const groups = films.groups.slice(0, SHOWN).map(({ id }) => groupColour(id, dark.matches));
    const names = groups.map((colour) => mix(colour, 60, ink));
    if (films.groups.length > SHOWN) groups.push(mix(soft, 65, paper));
    parts.groups.forEach((group, slot) => {
      group.firstChild.style.background = groups[slot];
    });
    const size = 0.8 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    painter.wear({ paper, ink, accent, groups, names, size, font: style.fontFamily });
    redraw();
  }

  function translate() {
    fillFrame(parts, films, texts(), language());
    state.youWord = texts().you;
    // On the map itself only genres: people and years are in the legend.
    state.names = films.groups.slice(0, SHOWN).map(({ kind }) => translateKind(kind.split(/, |^de /)[0], language()));
    tellFound();
    tellYou();
    redraw();
  }

  function tellYou() {
    parts.yours.textContent = state.you ? texts().here : texts().nowhere;
    parts.me.hidden = !state.you;
  }

  function place(ratings) {
    const target = locate(films, ratings),
      from = state.you ?? target;
    state.you = from && target && from;
    glide =
      target &&
      go((part) => {
        state.you = { x: from.x + (target.x - from.x) * part, y: from.y + (target.y - from.y) * part };
      });
    tellYou();
    redraw();
  }

  dark.addEventListener("change", recolour);
  translate();
  new ResizeObserver(() => {
    view.resize(frame.clientWidth, frame.clientHeight);
    recolour(); // a window on another screen may have other pixels
  }).observe(frame);

  return {
    place,
    translate,
    show(id) {
      const film = films.rows.get(id) ?? -1;
      if (film < 0) return false;
      if (state.lit && !state.lit[film]) light(null);
      approach(film);
      return true;
    },
  };
}
