// What the page says, in Portuguese and in English. Titles are as the data has them.

import { ENGLISH } from "./english.js";
import { genreIn } from "./genres.js";
import { PORTUGUESE } from "./portuguese.js";

export const TEXTS = { pt: PORTUGUESE, en: ENGLISH };
let spoken = "pt";

export const language = () => spoken;
const locale = () => (spoken === "pt" ? "pt-BR" : "en");

/** Speak the language that was chosen, else the first of the browser's that the page knows. */
export function speak(chosen) {
  const wanted = [chosen, ...navigator.languages.map((name) => name.slice(0, 2))];
  spoken = wanted.find((name) => Object.hasOwn(TEXTS, name)) || "en";
  document.documentElement.lang = locale();
}

export const number = (value, digits = 2) => value.toLocaleString(locale(), { maximumFractionDigits: digits });
export const percent = (share) => share.toLocaleString(locale(), { style: "percent" });
export const join = (names) => new Intl.ListFormat(locale(), { type: "conjunction" }).format(names);
export const count = (total, one, many) => `${number(total)} ${total === 1 ? one : many}`;

export const genreName = (genre) => genreIn(spoken, genre);

/** Return the genres of a film, as the data has them or one by one, in the reader's language. */
export const genreNames = (text) => join(listed(text).map(genreName));

/** Return names that the data has in one text, separated by commas. */
export const listed = (text) =>
  (text || "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

/** Return a text, "" for an unknown one. Functions take what they tell of. */
export function say(name, ...values) {
  const text = TEXTS[spoken][name] ?? "";
  return typeof text === "function" ? text(...values) : text;
}

/** Put the texts into the elements that name one: `data-text` or `data-label` (aria-label). */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", say(element.dataset.label));
}

const GLUE = {
  pt: { "de ": "com filmes de ", "com ": "com ", and: " e ", decade: "anos $1" },
  en: { "de ": "with films by ", "com ": "with ", and: " and ", decade: "$1s" },
};

/**
 * Return what the films of a group have in common, in words: "drama e crime, de A e B" is "drama and crime, with films
 * by A and B". Whoever made several of them did not make all.
 */
export function translateKind(kind, wanted = spoken) {
  const words = GLUE[wanted];
  const part = (text) => {
    const [, glue, names] = /^(de |com )?(.*)$/.exec(text);
    const told = names.split(" e ").map((name) => (glue ? name : genreIn(wanted, name)));
    return (glue ? words[glue] : "") + told.join(words.and).replace(/^anos (\d{4})$/, words.decade);
  };
  return kind.split(", ").map(part).join(", ");
}

/** Return the label of a group in words: what its films have in common, and the best known of them. */
export function groupWords(label) {
  const cut = label.indexOf(": ");
  return cut < 0 ? label : `${translateKind(label.slice(0, cut))}: ${label.slice(cut + 2)}`;
}

/** Return a text without case and accents, to compare by. */
export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
