// What the server gives with every page for its scripts (wallstreetsim/terminal/shared.py).

const given = (name) => JSON.parse(document.body.dataset[name]);

export const limits = given("limits");
export const figures = given("figures");
export const { channels, closings } = given("feed");
const words = given("words");

// Return the words of that name with these values in them.
export function said(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
