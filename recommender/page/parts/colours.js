// The colour of a group of films: the same wherever the page shows it.

/** The hue of a group in degrees, by the golden angle: groups with near ids differ most. */
export const groupHue = (id) => (id * 137.50776405) % 360;

/** A CSS colour for a group. All groups are as light and as strong as each other, on light or dark. */
export const groupColour = (id, dark) => `oklch(${dark ? "0.76 0.14" : "0.6 0.16"} ${groupHue(id).toFixed(1)})`;
