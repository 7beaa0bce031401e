// What the page asks the API. Addresses are relative to the page's, so that any base path will do.

import { language, say } from "./texts.js";

/**
 * An answer that is none: `status` is that of HTTP, 0 if nobody could be reached; the message is for people. `faults`
 * are the fields that were not taken, such as `avaliacoes.0.filme_id`.
 */
export class Refusal extends Error {
  constructor(status, message, faults = []) {
    super(message);
    this.status = status;
    this.faults = faults;
  }
}

let token = "";
export function useToken(text) {
  token = text;
}

/** Return what GET, or POST with a body, answers: `{ body, headers }`. Throws `Refusal`. */
export async function ask(path, body) {
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body && { "Content-Type": "application/json" }),
  };
  let answer;
  try {
    answer = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  } catch {
    throw new Refusal(0, say("unreachable"));
  }
  const found = await answer.json().catch(() => null);
  if (answer.ok && found) return { body: found, headers: answer.headers };
  const told = language() === "pt" && found?.detail; // the API speaks Portuguese
  const message = told || say(`status${answer.status}`) || say("failed", answer.status);
  const faults = (found?.erros || []).map(({ campo }) => campo);
  throw new Refusal(answer.status, message, faults);
}

/** Return a function that does `work` and shows what it returns, a function, unless it was called again meanwhile. */
export function newest(work, report) {
  let asked = 0;
  return async (...values) => {
    const turn = ++asked;
    try {
      const shown = await work(...values);
      if (turn === asked) shown();
    } catch (error) {
      if (turn === asked) report(error);
    }
  };
}

/** Return the address of a path with parameters; lists give several, empty values none. */
export function address(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") query.append(name, one);
  }
  return `${path}?${query}`;
}
