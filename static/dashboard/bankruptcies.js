// Agents that went bankrupt, the newest first.

import { compactDollars } from "./format.js";
import { atNextFrame, fill, rowOf } from "./dom.js";
import { limits } from "./shared.js";

export function mountBankruptcies(panel, feed) {
  const list = panel.querySelector("ol");
  let waiting = []; // to be drawn, the newest first

  const draw = atNextFrame(() => {
    list.prepend(...waiting.map((fall) => write(rowOf(panel), fall)));
    waiting = [];
    while (list.children.length > limits.bankruptcies) list.lastElementChild.remove();
  });

  feed.on("market:event", (events) => {
    waiting = [...events.filter((event) => event.type === "BANKRUPTCY").reverse(), ...waiting];
    draw();
  });
}

function write(row, fall) {
  fill(row, {
    tick: fall.tick,
    name: fall.name,
    peak: compactDollars(fall.peakNetWorth),
    final: compactDollars(fall.finalNetWorth),
    cause: fall.cause,
  });
  return row;
}
