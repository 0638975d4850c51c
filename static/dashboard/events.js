// The market events that are not over, the newest first, each with the ticks that are left of it.

import { direction, signedPercent } from "./format.js";
import { atNextFrame, fill, fillList, mark } from "./dom.js";

export function mountEvents(panel, feed) {
  const list = panel.querySelector("ol");
  let active = [];

  const draw = atNextFrame(() => fillList(panel, list, active, write));

  feed.on("tick:update", ({ activeEvents }) => {
    active = activeEvents;
    draw();
  });
}

function write(row, event) {
  const percent = 100 * event.impact;
  mark(row, "direction", direction(percent));
  fill(row, { headline: event.headline, impact: signedPercent(percent), ticksLeft: event.ticksRemaining });
}
