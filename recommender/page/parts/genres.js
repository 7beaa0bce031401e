// Genres in the reader's language, where the data has them in the other one. The API takes them as the data has them.

const NAMES = {
  ação: "action",
  animação: "animation",
  aventura: "adventure",
  biografia: "biography",
  comédia: "comedy",
  crime: "crime",
  documentário: "documentary",
  drama: "drama",
  esporte: "sport",
  família: "family",
  fantasia: "fantasy",
  faroeste: "western",
  "film noir": "film-noir",
  guerra: "war",
  história: "history",
  infantil: "children's",
  mistério: "mystery",
  musical: "musical",
  romance: "romance",
  suspense: "thriller",
  terror: "horror",
};
const TO = { en: new Map(Object.entries(NAMES)), pt: new Map(Object.entries(NAMES).map(([pt, en]) => [en, pt])) };

/** Return a genre in a language, with a capital letter if it has one; an unknown one as it is. */
export function genreIn(language, genre) {
  const found = TO[language].get(genre.toLowerCase());
  if (!found) return genre;
  return genre[0] === genre[0].toUpperCase() ? found[0].toUpperCase() + found.slice(1) : found;
}
