// The colours of groups, the same on cards and on the map.

/** Return the hue of a group, in degrees: by the golden ratio, so that neighbours differ. */
export const groupHue = (id) => (id * 137.50776405) % 360;
