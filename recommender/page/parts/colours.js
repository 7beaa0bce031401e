// The colour of a group of films: the same wherever the page shows it.

const ranks = new Map();

/** Tell the groups by how many people have seen their films, the most first: these get the most different colours. */
export const rankGroups = (ids) => ids.forEach((id, rank) => ranks.set(id, rank));

/** The hue of a group in degrees, by the golden angle: groups with near ranks (or else ids) differ most. */
export const groupHue = (id) => ((ranks.get(id) ?? id) * 137.50776405 + 255) % 360;

/** A CSS colour for a group. All groups are as light and as strong as each other, on light or dark. */
export const groupColour = (id, dark) => `oklch(${dark ? "0.76 0.14" : "0.6 0.16"} ${groupHue(id).toFixed(1)})`;
