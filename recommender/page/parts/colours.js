// The colours of groups, the same on cards and on the map.

/** Return the hue of a group, in degrees: by the golden ratio, so that neighbours differ. */
export const groupHue = (id) => (id * 137.50776405) % 360;

/** Return a CSS colour for a group, as light and as strong as those of others, on light or dark. */
export const groupColour = (id, dark) =>
  `oklch(${dark ? "0.76 0.14" : "0.6 0.16"} ${groupHue(id).toFixed(1)})`;
