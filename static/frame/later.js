// What a page needs only once it can be read and used is asked for after that, all of it at once: the server writes which
// modules those are (wallstreetsim/terminal/modules.py).

// Return a promise that is kept once the page's first scripts have run, of which the caller must be one.
export function whenUsable() {
  return new Promise((go) => addEventListener("DOMContentLoaded", () => setTimeout(begin, 0, go)));
}

function begin(go) {
  for (const { content } of document.querySelectorAll("template.later")) document.head.append(content);
  go();
}
