// What a page needs only once it can be read and used is asked for after that, all of it at once: the server writes which
// modules those are (wallstreetsim/terminal/modules.py).

import { waitAfter } from "./patience.js";

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

// Return what `load` imports. While the network fails it is asked for again, and at once when the network is back: else
// the page would stand still until somebody loads it anew.
export async function imported(load) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await load();
    } catch (error) {
      if (!NOT_FETCHED.test(error.message)) throw error;
      await waitOrOnline(waitAfter(failures));
    }
  }
}

function waitOrOnline(milliseconds) {
  return new Promise((go) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      go();
    };
    const timer = setTimeout(over, milliseconds);
    addEventListener("online", over);
  });
}
