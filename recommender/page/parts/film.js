// A film as a thing that one can touch, anywhere on the page: its card, what to say of it, and its grades.

import { icon, make } from "./dom.js";
import { paint } from "./poster.js";
import { DISLIKED, GRADES, LIKED, wordOn } from "./state.js";
import { genreNames, number, say } from "./texts.js";

const THUMB = "M2 10h4v11H2Zm6 0 4-8a3 3 0 0 1 3 3v4h5.5a2 2 0 0 1 2 2.3l-1.4 8a2 2 0 0 1-2 1.7H8Z";
const ACTS = {
  like: { path: THUMB, text: "likeOf", title: "like", means: LIKED },
  dislike: {
    path: "M22 14h-4V3h4Zm-6 0-4 8a3 3 0 0 1-3-3v-4H3.5a2 2 0 0 1-2-2.3l1.4-8a2 2 0 0 1 2-1.7H16Z",
    text: "dislikeOf",
    title: "dislike",
    means: DISLIKED,
  },
  seen: {
    path: "M12 5c5 0 9 4 11 7-2 3-6 7-11 7S3 15 1 12c2-3 6-7 11-7Zm0 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
    text: "seenOf",
    title: "seen",
    means: "vistos",
  },
  dismiss: {
    path: "m5 3 7 7 7-7 2 2-7 7 7 7-2 2-7-7-7 7-2-2 7-7-7-7Z",
    text: "dismissOf",
    title: "dismiss",
    means: "fora",
  },
};

/** Return what a button of a film's says of it: a rating, "vistos" or "fora". */
export const meaningOf = (act) => ACTS[act].means;

/** Every film that the page shows, by id. */
export const films = new Map();

/** The recommended ones, with the reasons. */
export const recommended = new Map();

/** Return a row of buttons to say something of a film. */
function acts() {
  const names = Object.keys(ACTS).filter((name) => ACTS[name].means !== null);
  return make(
    "div",
    { className: "acts" },
    ...names.map((name) =>
      make("button", { type: "button", className: `act ${name}`, "data-act": name }, icon(ACTS[name].path)),
    ),
  );
}

function refreshActs(box, film, word) {
  const is = {
    like: typeof word === "number" && word >= LIKED,
    dislike: typeof word === "number" && DISLIKED !== null && word <= DISLIKED,
    seen: word === "vistos",
    dismiss: word === "fora",
  };
  for (const button of box.children) {
    const { text, title } = ACTS[button.dataset.act];
    button.setAttribute("aria-label", say(text, film.titulo_exibido));
    button.title = say(title);
    button.setAttribute("aria-pressed", String(is[button.dataset.act]));
  }
}

/** Return the card of a film, made anew or of `old`; `notes` are elements under its poster, such as why it is here. */
export function card(film, old, said, notes = []) {
  films.set(film.id, film);
  const element =
    old ||
    make(
      "li",
      { className: "card", "data-film": film.id },
      paint(make("button", { type: "button", "data-act": "open" }), film),
      make("div", { className: "notes" }),
      acts(),
    );
  const [poster, under, buttons] = element.children;
  poster.querySelector(".genre").textContent = genreNames(film.genero);
  poster.setAttribute("aria-label", say("openOf", film.titulo_exibido));
  const word = wordOn(film.id, said);
  under.replaceChildren(
    ...notes,
    ...(typeof word === "number" ? [make("span", { className: "badge" }, say("yourGrade", word))] : []),
  );
  refreshActs(buttons, film, word);
  return element;
}

/** Return the same buttons, and grades for a finer rating, for the page of one film. */
export function verdict(film, said) {
  const word = wordOn(film.id, said);
  const box = acts();
  refreshActs(box, film, word);
  const high = GRADES[GRADES.length - 1];
  const isNone = (grade) => grade === 0 && GRADES[0] === 0; // a scale may also go below 0
  const stars = make(
    "div",
    { className: "grades", role: "group", "aria-label": say("grades", film.titulo_exibido) },
    ...GRADES.map((grade) =>
      make(
        "button",
        {
          type: "button",
          className: !isNone(grade) && typeof word === "number" && word >= grade ? "on" : "",
          "data-act": "grade",
          "data-grade": grade,
          "aria-label": isNone(grade) ? say("noGrade") : say("grade", grade, high),
          "aria-pressed": String(word === grade),
        },
        make("span", { "aria-hidden": "true" }, isNone(grade) ? "☆" : "★"),
        make("small", {}, number(grade)),
      ),
    ),
  );
  return make("div", { className: "verdict", "data-film": film.id }, box, GRADES.length > 1 ? stars : null);
}
