// What a page needs only once it can be read and used is asked for after that, all of it at once: the server writes which
// modules those are (wallstreetsim/terminal/modules.py).

import { NotFetched, untilFetched } from "./patience.js";

// What browsers say when a module, or one that it imports, could not be fetched; what it throws itself is another thing.
const NOT_FETCHED = /fetch dynamically imported|loading dynamically imported|importing a module script failed/i;

// Return a promise that is kept once the page's first scripts have run, of which the caller must be one.
export function whenUsable() {
  return new Promise((go) => addEventListener("DOMContentLoaded", () => setTimeout(begin, 0, go)));
}

function begin(go) {
  for (const { content } of document.querySelectorAll("template.later")) document.head.append(content);
  go();
}

// Return what `load` imports, as soon as it can be fetched: else the page would stand still until somebody loads it anew.
export function imported(load) {
  return untilFetched(() =>
    load().catch((error) => {
      throw NOT_FETCHED.test(error.message) ? new NotFetched(error.message) : error;
    }),
  );
}
