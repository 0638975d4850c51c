// Agents that went bankrupt, the newest first.

import { compactDollars } from "./format.js";
import { agentAddress, atNextFrame, fill, fillList, link } from "./dom.js";
import { limits } from "./shared.js";

const FIELDS = ["tick", "name", "peak", "final", "cause"];

export function mountBankruptcies(panel, feed) {
  const list = panel.querySelector("ol");
  let fallen = [...list.children].map(read);

  const draw = atNextFrame(() => fillList(panel, list, fallen, write));

  feed.on("market:event", (events) => {
    const fresh = events.filter((event) => event.type === "BANKRUPTCY").map(lineOf).reverse();
    fallen = [...fresh, ...fallen].slice(0, limits.bankruptcies);
    if (fresh.length) draw();
  });
}

function lineOf({ tick, name, peakNetWorth, finalNetWorth, cause }) {
  return { tick, name, peak: compactDollars(peakNetWorth), final: compactDollars(finalNetWorth), cause };
}

function read(row) {
  return Object.fromEntries(FIELDS.map((name) => [name, row.querySelector(`[data-field="${name}"]`).textContent]));
}

function write(row, fall) {
  link(row, agentAddress(fall.name));
  fill(row, fall);
}
