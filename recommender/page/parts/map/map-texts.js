// What the map says, in both languages: strings, or functions of what they speak of.

const percent = (value, language) =>
  value > 0 && value < 0.01 ? "<1%" : value.toLocaleString(language, { style: "percent", maximumFractionDigits: 0 });

export const MAP_TEXTS = {
  pt: {
    loading: "Carregando o mapa…",
    empty: "Não há filmes no mapa.",
    again: "Tentar de novo",
    label: "Procurar no mapa",
    next: "Ir ao próximo",
    found: (count) => (count === 1 ? "1 filme" : `${count.toLocaleString("pt")} filmes`),
    visited: (place, count, title) => `${place} de ${count.toLocaleString("pt")}: ${title}`,
    in: "Ampliar",
    out: "Afastar",
    reset: "Ver o mapa todo",
    zoomed: (factor) => `Ampliado ${factor.toLocaleString("pt", { maximumFractionDigits: 1 })} vezes`,
    wheel: (key) => `${key} + roda do mouse para ampliar`,
    name: (count) => `Mapa de ${count.toLocaleString("pt")} filmes`,
    keys: "Setas: filme mais próximo nessa direção · Page Down, Page Up: filme menos ou mais conhecido · Enter: abrir · + e −: ampliar e afastar · Esc: o mapa todo",
    none: "Nenhum filme nessa direção",
    seen: (share) => `visto por ${percent(share, "pt")} das pessoas`,
    title: "Grupos de filmes",
    others: "outros grupos",
    caption: "Perto um do outro: filmes de que as mesmas pessoas gostam. Círculo maior: mais gente viu.",
    you: "você",
    here: (count) =>
      `Você está na média dos lugares ${count === 1 ? "do filme de que gosta" : `dos ${count} filmes de que gosta`}, cada um com o peso da sua nota. Filmes de que não gosta não contam.`,
    nowhere: "Goste de um filme e você também aparece no mapa.",
  },
  en: {
    loading: "Loading the map…",
    empty: "There are no films on the map.",
    again: "Try again",
    label: "Search the map",
    next: "Go to the next",
    found: (count) => (count === 1 ? "1 film" : `${count.toLocaleString("en")} films`),
    visited: (place, count, title) => `${place} of ${count.toLocaleString("en")}: ${title}`,
    in: "Zoom in",
    out: "Zoom out",
    reset: "See the whole map",
    zoomed: (factor) => `Zoomed ${factor.toLocaleString("en", { maximumFractionDigits: 1 })} times`,
    wheel: (key) => `${key} + mouse wheel to zoom`,
    name: (count) => `Map of ${count.toLocaleString("en")} films`,
    keys: "Arrows: the nearest film in that direction · Page Down, Page Up: a less or better known film · Enter: open · + and −: zoom · Esc: the whole map",
    none: "No film in that direction",
    seen: (share) => `seen by ${percent(share, "en")} of people`,
    title: "Groups of films",
    others: "other groups",
    caption: "Close together: films that the same people like. Larger circle: more people have seen it.",
    you: "you",
    here: (count) =>
      `You are at the mean of the places of the ${count === 1 ? "film" : `${count} films`} that you like, each weighted by your rating. Films that you dislike do not count.`,
    nowhere: "Like a film, and you appear on the map, too.",
  },
};
