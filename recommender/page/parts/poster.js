// A drawn card for a film, as there are no posters: the colour of its group, a pattern of its own, its title, its year
// and the mark of its first genre.

import { groupHue } from "./colours.js";
import { draw, icon, make } from "./dom.js";
import { fold, genreNames, listed } from "./texts.js";

const FRAME = "M3 4h18v16H3Zm2 2v2h2V6Zm0 5v2h2v-2Zm0 5v2h2v-2ZM17 6v2h2V6Zm0 5v2h2v-2Zm0 5v2h2v-2Z";
const MARKS = [
  [
    /comed|humor/,
    "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM8 9h2v2H8Zm6 0h2v2h-2Zm-7 5h10a5 5 0 0 1-10 0Z",
  ],
  [/romanc/, "M12 21 4 13a5.5 5.5 0 0 1 8-7.5A5.5 5.5 0 0 1 20 13Z"],
  [/^acao|^action/, "M13 2 4 14h6l-1 8 10-13h-7Z"],
  [/sci|ficcao/, "M12 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12ZM1 16c3-1 19-7 22-10-1 4-16 12-22 10Z"],
  [/terror|horror/, "M12 2a8 8 0 0 0-8 8v12l3-2 2.5 2 2.5-2 2.5 2 2.5-2 3 2V10a8 8 0 0 0-8-8ZM8 9h3v3H8Zm5 0h3v3h-3Z"],
  [/suspense|thriller|myst|mist/, "M12 2a6 6 0 0 0-3 11.2L7 22h10l-2-8.8A6 6 0 0 0 12 2Z"],
  [/crim|polic/, "M10 2a8 8 0 1 0 4.9 14.3l5.4 5.4 1.4-1.4-5.4-5.4A8 8 0 0 0 10 2Zm0 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12Z"],
  [/war|guerra/, "M12 2 3 5v7c0 5 4 8.5 9 10 5-1.5 9-5 9-10V5Zm-1 4h2v4h4v2h-4v5h-2v-5H7v-2h4Z"],
  [/avent|advent/, "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm5 5-3 7-7 3 3-7Z"],
  [/anima/, "m12 2 3 7 7 .5-5.5 4.6L18.5 22 12 17.5 5.5 22l2-7.9L2 9.5 9 9Z"],
  [/child|infan|fam/, "M12 2a7 7 0 0 0-2 13.7L9 18h2.2v4h1.6v-4H15l-1-2.3A7 7 0 0 0 12 2Z"],
  [/docum/, "M3 6h12a2 2 0 0 1 2 2v2l5-3v10l-5-3v2a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z"],
  [/fanta/, "M14 2a10 10 0 1 0 8 14A9 9 0 0 1 14 2Z"],
  [/music/, "M9 3v11.5A4 4 0 1 0 11 18V8l8-2v6.5A4 4 0 1 0 21 16V1Z"],
  [
    /western|faroeste/,
    "M10 22V16H7a4 4 0 0 1-4-4V8h2.5v4A1.5 1.5 0 0 0 7 13.5h3V4a2 2 0 0 1 4 0v9.5h3a1.5 1.5 0 0 0 1.5-1.5V8H21v4a4 4 0 0 1-4 4h-3v6Z",
  ],
  [/noir/, "M5 13 8 5c2-1 6-1 8 0l3 8c2 .5 4 1.5 4 3 0 2-5 3-11 3S1 18 1 16c0-1.5 2-2.5 4-3Z"],
  [/drama/, "M4 4h16v8a8 8 0 0 1-16 0Zm3 4v2h4V8Zm6 0v2h4V8Zm-5 8h8a4 4 0 0 0-8 0Z"],
];

const mark = (genre) => (MARKS.find(([names]) => names.test(fold(genre))) || [null, FRAME])[1];

// Patterns in a square of 100 × 100, each turned and shifted by the film's own numbers (0 to 1).
const PATTERNS = [
  (a, b) =>
    [60, 44, 28, 12].map((r) => draw("circle", { cx: 100 * a, cy: 60 + 50 * b, r, fill: "none", "stroke-width": 7 })),
  (a, b) =>
    Array.from({ length: 9 }, (_, i) =>
      draw("line", { x1: 50 + 60 * (a - 0.5), y1: 118, x2: -60 + 28 * i + 20 * b, y2: -20, "stroke-width": 5 }),
    ),
  (a, b) =>
    Array.from({ length: 8 }, (_, i) =>
      draw("line", { x1: -20, x2: 120, y1: 18 * i - 20 * a, y2: 18 * i - 60 * b, "stroke-width": 6 }),
    ),
  (a, b) =>
    [0, 1, 2].map((i) =>
      draw("path", { d: `M-10 ${62 + 14 * i}q${30 + 20 * a} ${-38 + 20 * b} 60 0t60 0V120H-10Z`, class: "filled" }),
    ),
  (a, b) =>
    Array.from({ length: 20 }, (_, i) =>
      draw("circle", {
        cx: (i % 5) * 24 + 12 * a,
        cy: Math.floor(i / 5) * 28 + 14 * b,
        r: 3 + ((i * 7) % 5),
        class: "filled",
      }),
    ),
  (a, b) =>
    [0, 1, 2].map((i) =>
      draw("path", {
        d: `M${-20 + 30 * i + 30 * a} 110l${34 + 10 * b} ${-70 + 12 * i}l${34 + 10 * b} ${70 - 12 * i}Z`,
        class: "filled",
      }),
    ),
];

/** Return numbers from 0 to 1 that only depend on an id. */
function numbers(id) {
  let state = Number(BigInt(id) & 0xffffffffn) >>> 0;
  return Array.from({ length: 3 }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  });
}

/** Return a title without its year, and the year ("" if it has none). */
export function titleAndYear(title) {
  const [, name, year] = /^(.+?)\s*\((\d{4})\)\s*$/.exec(title) || [null, title, ""];
  return { name, year };
}

/** Fill an element, which gets the class `poster`, with the card of a film. */
export function paint(element, film) {
  const [a, b, c] = numbers(film.id);
  const { name, year } = titleAndYear(film.titulo_exibido);
  const pattern = PATTERNS[Math.floor(c * PATTERNS.length)](a, b);
  const [genre = ""] = listed(film.genero);
  element.classList.add("poster");
  if (film.grupo) element.style.setProperty("--hue", groupHue(film.grupo.id).toFixed(1));
  else element.classList.add("plain");
  const longest = Math.max(...name.split(/[\s-]/).map((word) => word.length));
  const size = name.length > 34 || longest > 13 ? "small" : name.length > 16 || longest > 9 ? "medium" : "large";
  element.replaceChildren(
    draw(
      "svg",
      { viewBox: "0 0 100 100", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", class: "pattern" },
      ...pattern,
    ),
    make("span", { className: `name ${size}` }, name),
    make(
      "span",
      { className: "foot" },
      icon(mark(genre)),
      make("span", { className: "genre" }, genreNames(film.genero)),
      make("span", { className: "year" }, year),
    ),
  );
  return element;
}
