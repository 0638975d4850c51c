// The limits and words that the server gives with the page (wallstreetsim/terminal/shared.py).

export const limits = JSON.parse(document.body.dataset.limits);
const words = JSON.parse(document.body.dataset.words);

// Return the words of that name with these values in them.
export function said(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
