// What the page says, in Portuguese and in English. Titles and genres are as the data has them.

const LANGUAGES = ["pt", "en"];
let spoken = "pt";

export const language = () => spoken;
const locale = () => (spoken === "pt" ? "pt-BR" : "en");

/** Speak the language that was chosen, else the first of the browser's that the page knows. */
export function speak(chosen) {
  const wanted = [chosen, ...navigator.languages.map((name) => name.slice(0, 2))];
  spoken = wanted.find((name) => LANGUAGES.includes(name)) || "en";
  document.documentElement.lang = locale();
}

export const number = (value, digits = 2) => value.toLocaleString(locale(), { maximumFractionDigits: digits });
export const percent = (share) => share.toLocaleString(locale(), { style: "percent" });
export const join = (names) => new Intl.ListFormat(locale(), { type: "conjunction" }).format(names);
const count = (total, one, many) => `${number(total)} ${total === 1 ? one : many}`;

/** Return a text, "" for an unknown one. Functions take what they tell of. */
export function say(name, ...values) {
  const text = TEXTS[spoken][name] ?? "";
  return typeof text === "function" ? text(...values) : text;
}

/** Put the texts into the elements that name one: `data-text`, `data-label` (aria-label) or `data-hint` (placeholder). */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of root.querySelectorAll("[data-hint]")) element.placeholder = say(element.dataset.hint);
}

/** Return what the films of a group have in common: "drama, de A e B" is "drama, by A and B" in English. */
export function translateKind(kind, wanted = spoken) {
  if (wanted !== "en") return kind;
  return kind.split(", ").map((part) => part.replace(/^de /, "by ").replace(/^com /, "with ")
    .replace(/^anos (\d{4})$/, "$1s").replaceAll(" e ", " and ")).join(", ");
}

/** Return the label of a group without its films: "comédia, de Joel Coen" of "comédia, de Joel Coen: Fargo, Juno". */
export const groupWords = (label) => translateKind(label.split(": ")[0]);

export const TEXTS = {
  pt: {
    skip: "Ir às recomendações", searchLabel: "Buscar filmes", searchHint: "Título, direção ou elenco",
    languageLabel: "Idioma", me: "Você", pickUser: "Ver como outra pessoa", close: "Fechar",
    deckTitle: "Do que você gosta?", deckTitleOf: (name) => `E se ${name} avaliasse estes?`, deckHint: "Toque no polegar de filmes que conhece. A lista muda na hora.",
    deckEmpty: "Você já disse o que acha de todos estes. Busque outros acima.",
    ownTitle: "O que você disse", ownHint: "Fica só neste navegador.", ownNothing: "Ainda nada.",
    rated: "Suas notas", seenTitle: "Já vistos", dismissedTitle: "Não são para você", forget: "Esquecer tudo",
    forgotten: "Esquecemos tudo o que você disse.", undo: "Desfazer",
    like: "Gostei", dislike: "Não gostei", seen: "Já vi", dismiss: "Não é para mim", takeBack: "Tirar",
    likeOf: (t) => `Gostei de ${t}`, dislikeOf: (t) => `Não gostei de ${t}`, seenOf: (t) => `Já vi ${t}`,
    dismissOf: (t) => `${t} não é para mim`, takeBackOf: (t) => `Tirar o que disse de ${t}`, openOf: (t) => `Abrir ${t}`,
    didLike: (t) => `Você gostou de ${t}.`, didDislike: (t) => `Você não gostou de ${t}.`, didRate: (t, r) => `Você deu ${number(r)} a ${t}.`,
    didSeen: (t) => `${t}: já visto, sem nota.`, didDismiss: (t) => `${t} não aparece mais.`, didTakeBack: (t) => `${t}: nada dito.`,
    grades: (t) => `Nota para ${t}`, grade: (r, high) => `${number(r)} de ${number(high)}`, yourGrade: (r) => `Sua nota: ${number(r)}`,
    controls: "Ajustes", genre: "Gênero", allGenres: "Todos", variety: "Variedade", next: "Procuro",
    nextDefault: "O que o modelo achou melhor", nextElse: "Mais do que gosto", nextNext: "O que ver a seguir", strategy: "Estratégia",
    grupoReason: "Do que mais gosta o grupo de quem avalia como você.", popularesReason: "Os que mais gente avaliou.", em_altaReason: "Os mais avaliados ultimamente.", padraoReason: "Pelo conjunto do que avaliou.",
    padrao: "Pelo seu gosto", grupo: "Pelo seu grupo (algoritmo original)", populares: "Os mais vistos", em_alta: "Em alta",
    withSeen: "Incluir já vistos", reset: "Voltar ao padrão",
    loading: "Carregando…", listLabel: "Recomendações", noFilms: "Nenhum filme assim. Tente outro gênero ou volte ao padrão.",
    listNow: (title, total, first) => `${title}: ${count(total, "filme", "filmes")}. O primeiro é ${first}.`,
    found: (total) => (total ? `${count(total, "filme encontrado", "filmes encontrados")}` : "Nenhum filme encontrado."),
    foundFirst: (total) => `Os ${total} mais conhecidos dos filmes encontrados`,
    why: (names) => `Porque você gostou de ${join(names)}`, against: (names) => `apesar de não ter gostado de ${join(names)}`,
    whyOther: (names) => `Porque gostou de ${join(names)}`, againstOther: (names) => `apesar da nota baixa para ${join(names)}`, alreadyRated: "já avaliado",
    whyAll: "Muita gente gosta",
    entered: "entrou", up: (from) => `subiu do ${from}º`, down: (from) => `desceu do ${from}º`, same: "igual",
    today: "Lista de hoje", left: (t, from) => `${t} saiu; era o ${from}º`, leftLabel: "Saíram da lista",
    whatIf: (name) => `O que você disser aqui mostra o que mudaria na lista de ${name}. Fica só neste navegador.`,
    forYou: "Para você", listOf: (name) => `Para ${name}`, listWith: (name) => `Para ${name}, com o que você disse`, backToMe: "Voltar a mim",
    userNumber: (id) => `usuário ${id}`, theirRatings: (name, total) => `${name} deu ${count(total, "nota", "notas")}`,
    usersTitle: "Ver como outra pessoa", usersHint: "Pessoas dos dados do modelo. Escolha pelo nome ou pelo gosto.", usersSearch: "Nome ou gosto, como “terror”",
    moreUsers: "Mostrar mais", noUsers: "Ninguém assim.", taste: (genres) => (genres.length ? `gosta de ${join(genres)}` : "gosta de um pouco de tudo"),
    noTaste: "ainda não avaliou nenhum filme", ratings: (total) => count(total, "nota", "notas"),
    userById: "Número do usuário", token: "Token de acesso", tokenHint: "Aqui a lista de um usuário é só dele. O token fica nesta página.", showList: "Ver a lista",
    badId: "Escreva um número inteiro.",
    mean: (mean, total) => `Média ${number(mean)} em ${count(total, "nota", "notas")}`, noRatings: "Ainda sem notas.",
    histogram: "Quantas pessoas deram cada nota", people: (total) => count(total, "pessoa", "pessoas"),
    group: "Grupo", genres: "Gêneros", director: "Direção", actors: "Elenco", similar: "Filmes parecidos", onMap: "Ver no mapa", notOnMap: "Este filme não está no mapa, que mostra os 10.000 mais conhecidos.",
    whyTitle: "Por que está aqui", whyHint: "A pontuação é uma soma; cada barra é uma parcela dela.",
    shareLiked: (t, r) => `nota ${number(r)} para ${t}`, shareAgainst: (t, r) => `nota ${number(r)} para ${t}`, shareRest: "o resto: suas outras notas e o que agrada a todos",
    mapTitle: "Mapa dos filmes",
    version: (v) => `Modelo ${v}`, card: "ficha do modelo", docs: "documentação da API", map: "mapa para imprimir",
    retry: "Tentar de novo", offline: "Sem conexão. O que você disser fica guardado, e a lista volta com ela.", online: "A conexão voltou.",
    unreachable: "O servidor não respondeu. Veja sua conexão.", failed: (status) => `Erro ${status}. Tente de novo.`,
    status401: "Falta um token de acesso válido.", status403: "Este token não dá acesso a este usuário.", status404: "Não encontrado.", status503: "O serviço está indisponível. Tente de novo em alguns segundos.",
    rowReason: (line) => line.motivo, rowTitle: (line) => line.titulo,
  },
  en: {
    skip: "Skip to the recommendations", searchLabel: "Search films", searchHint: "Title, director or cast",
    languageLabel: "Language", me: "You", pickUser: "See it as somebody else", close: "Close",
    deckTitle: "What do you like?", deckTitleOf: (name) => `What if ${name} rated these?`, deckHint: "Tap the thumbs of films that you know. The list changes at once.",
    deckEmpty: "You have had your say on all of these. Search for others above.",
    ownTitle: "What you said", ownHint: "It stays in this browser.", ownNothing: "Nothing yet.",
    rated: "Your ratings", seenTitle: "Already seen", dismissedTitle: "Not for you", forget: "Forget everything",
    forgotten: "We have forgotten all that you said.", undo: "Undo",
    like: "I like it", dislike: "I don’t like it", seen: "I’ve seen it", dismiss: "Not for me", takeBack: "Take back",
    likeOf: (t) => `I like ${t}`, dislikeOf: (t) => `I don’t like ${t}`, seenOf: (t) => `I’ve seen ${t}`,
    dismissOf: (t) => `${t} is not for me`, takeBackOf: (t) => `Take back what I said of ${t}`, openOf: (t) => `Open ${t}`,
    didLike: (t) => `You like ${t}.`, didDislike: (t) => `You don’t like ${t}.`, didRate: (t, r) => `You gave ${t} ${number(r)}.`,
    didSeen: (t) => `${t}: seen, not rated.`, didDismiss: (t) => `${t} will not be shown.`, didTakeBack: (t) => `${t}: nothing said.`,
    grades: (t) => `Your rating of ${t}`, grade: (r, high) => `${number(r)} of ${number(high)}`, yourGrade: (r) => `Your rating: ${number(r)}`,
    controls: "Settings", genre: "Genre", allGenres: "All", variety: "Variety", next: "I’m after",
    nextDefault: "What the model found best", nextElse: "More that I like", nextNext: "What to watch next", strategy: "Strategy",
    grupoReason: "What the group of people who rate as you do likes best.", popularesReason: "What most people have rated.", em_altaReason: "What was rated most lately.", padraoReason: "From all that was rated.",
    padrao: "By your taste", grupo: "By your group (the original algorithm)", populares: "Most watched", em_alta: "Trending",
    withSeen: "Include films already seen", reset: "Back to default",
    loading: "Loading…", listLabel: "Recommendations", noFilms: "No such films. Try another genre, or go back to default.",
    listNow: (title, total, first) => `${title}: ${count(total, "film", "films")}. The first is ${first}.`,
    found: (total) => (total ? `${count(total, "film found", "films found")}` : "No film found."),
    foundFirst: (total) => `The best known ${total} of the films found`,
    why: (names) => `Because you like ${join(names)}`, against: (names) => `although you don’t like ${join(names)}`,
    whyOther: (names) => `Because of liking ${join(names)}`, againstOther: (names) => `despite a low rating for ${join(names)}`, alreadyRated: "already rated",
    whyAll: "Many people like it",
    entered: "new", up: (from) => `up from ${from}`, down: (from) => `down from ${from}`, same: "same",
    today: "Today’s list", left: (t, from) => `${t} left; it was number ${from}`, leftLabel: "Left the list",
    whatIf: (name) => `What you say here shows what it would change in the list of ${name}. It stays in this browser.`,
    forYou: "For you", listOf: (name) => `For ${name}`, listWith: (name) => `For ${name}, with what you said`, backToMe: "Back to me",
    userNumber: (id) => `user ${id}`, theirRatings: (name, total) => `${name} gave ${count(total, "rating", "ratings")}`,
    usersTitle: "See it as somebody else", usersHint: "People of the model’s data. Choose by name or by taste.", usersSearch: "Name or taste, such as “terror”",
    moreUsers: "Show more", noUsers: "Nobody like that.", taste: (genres) => (genres.length ? `likes ${join(genres)}` : "likes a bit of everything"),
    noTaste: "has rated no film yet", ratings: (total) => count(total, "rating", "ratings"),
    userById: "Number of the user", token: "Access token", tokenHint: "Here a user’s list is theirs alone. The token stays in this page.", showList: "Show the list",
    badId: "Enter a whole number.",
    mean: (mean, total) => `Mean ${number(mean)} of ${count(total, "rating", "ratings")}`, noRatings: "No ratings yet.",
    histogram: "How many people gave each rating", people: (total) => count(total, "person", "people"),
    group: "Group", genres: "Genres", director: "Director", actors: "Cast", similar: "Similar films", onMap: "Show on the map", notOnMap: "This film is not on the map, which shows the 10,000 best known.",
    whyTitle: "Why it is here", whyHint: "The score is a sum; each bar is a part of it.",
    shareLiked: (t, r) => `rating ${number(r)} for ${t}`, shareAgainst: (t, r) => `rating ${number(r)} for ${t}`, shareRest: "the rest: your other ratings, and what everybody likes",
    mapTitle: "Map of the films",
    version: (v) => `Model ${v}`, card: "model card", docs: "API documentation", map: "map to print",
    retry: "Try again", offline: "You are offline. What you say is kept, and the list comes back with the connection.", online: "You are back online.",
    unreachable: "The server did not answer. Check your connection.", failed: (status) => `Error ${status}. Try again.`,
    status401: "A valid access token is missing.", status403: "This token does not give access to this user.", status404: "Not found. It may not exist in this data.",
    status422: "The server does not take this.", status503: "The service is not available. Try again in a few seconds.",
    rowTitle: (line) => ROWS[line.tipo].title(line), rowReason: (line) => ROWS[line.tipo].reason(line),
  },
};

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// The lines of a first screen in English: the API tells them in Portuguese, and `tipo` and `alvo` for other languages.
const ROWS = {
  para_voce: { title: () => "For you", reason: () => "From all that you rated." },
  porque_gostou: { title: ({ alvo }) => `Because you like ${alvo}`, reason: ({ alvo }) => `People who like ${alvo} like these, which resemble it.` },
  mais_de: { title: ({ alvo }) => `More by ${alvo.replace(/ e /g, " and ")}`, reason: () => "You liked films by the same director." },
  mesmo_gosto: { title: () => "People of your taste", reason: () => "What people who rate as you do watch and like more than others." },
  genero: { title: ({ alvo }) => upper(alvo), reason: ({ alvo }) => `The best of ${alvo} here.` },
  em_alta: { title: () => "Trending", reason: () => "What was rated most lately." },
  populares: { title: () => "Most watched", reason: () => "What most people have rated." },
  pouco_vistos: { title: () => "Hidden gems, for you", reason: () => "Outside the best known third of all films, what should please you most." },
};
