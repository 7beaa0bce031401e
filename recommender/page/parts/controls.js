// The choices beside the list: genre, strategy, what next, variety, films already seen.

import { byId, later, make } from "./dom.js";
import { MOST_VARIED, choices, facts } from "./state.js";
import { genreName, language, say } from "./texts.js";

const STRATEGIES = ["padrao", "grupo", "populares", ...(facts.em_alta ? ["em_alta"] : [])];
const PLAIN = { genero: "", estrategia: "padrao", seguir: "", variedade: "0", vistos: "" };

/** Call `change(choices)` for whatever the reader chooses here. */
export function listenToControls(change) {
  for (const name of ["genero", "estrategia", "seguir"])
    byId(name).addEventListener("change", () => change({ [name]: byId(name).value }));
  byId("variedade").addEventListener(
    "input",
    later(() => change({ variedade: byId("variedade").value }), 200),
  );
  byId("vistos").addEventListener("change", () => change({ vistos: byId("vistos").checked ? "1" : "" }));
  byId("padrao").addEventListener("click", () => change(PLAIN));
}

/** Show what is chosen, in the reader's language. */
export function showControls() {
  const genres = facts.generos.map((name) => [name, genreName(name)]);
  genres.sort(([, one], [, other]) => one.localeCompare(other, language()));
  offer(byId("genero"), [["", say("allGenres")], ...genres], choices.genero);
  offer(
    byId("estrategia"),
    STRATEGIES.map((name) => [name, say(name)]),
    choices.estrategia,
  );
  offer(
    byId("seguir"),
    [
      ["", say("nextDefault")],
      ["1", say("nextNext")],
    ],
    choices.seguir,
  );
  byId("seguir-campo").hidden = !facts.momentos;
  byId("seguir").disabled = choices.estrategia !== "padrao";
  byId("variedade").max = MOST_VARIED;
  byId("variedade").value = choices.variedade;
  byId("variedade").labels[0].textContent = say("variety", Number(choices.variedade));
  byId("vistos").checked = Boolean(choices.vistos);
  const active = [
    genreName(choices.genero),
    choices.estrategia !== "padrao" && say(choices.estrategia),
    choices.seguir && say("nextNext"),
    choices.variedade !== "0" && say("variety", Number(choices.variedade)),
    choices.vistos && say("withSeen"),
  ];
  byId("ajustes-ativos").textContent = active.filter(Boolean).join(" · ");
}

function offer(select, pairs, value) {
  select.replaceChildren(...pairs.map(([name, text]) => make("option", { value: name }, text)));
  select.value = value;
}
