// The leaderboard.

import { limits } from "./shared.js";
import { pointsOf } from "./line.js";
import { direction, signedPercent, wholeDollars, shortRole } from "./format.js";
import { atNextFrame, fill, fillList, link, mark, agentAddress } from "./dom.js";

export function mountAgents(panel, feed) {
  const list = panel.querySelector('[data-list="standings"]');
  const curves = new Map([...list.children].map((row) => [row.querySelector("a").textContent, curveOf(row)]));
  let entries = [];

  const draw = atNextFrame(() => fillList(panel, list, entries, (row, entry) => write(row, entry, curves.get(entry.name))));

  feed.on("leaderboard:update", (board) => {
    entries = board.entries;
    for (const { name, netWorth } of entries) addTo(curves, name, Math.round(netWorth * 100), board.tick);
    draw();
  });
}

function curveOf(row) {
  return row.querySelector("svg").dataset.line.split(",").map(Number);
}

// A line's last point is what its agent is worth now.
function addTo(curves, name, netWorth, tick) {
  const curve = curves.get(name) ?? [netWorth];
  curve[curve.length - 1] = netWorth;
  if (tick % limits.equityTicks === 0) curve.push(netWorth);
  if (curve.length > limits.equityPoints + 1) curve.shift();
  curves.set(name, curve);
}

function write(row, entry, curve) {
  row.querySelector("polyline").setAttribute("points", pointsOf(curve));
  mark(row, "direction", direction(entry.change24h));
  row.toggleAttribute("data-house", entry.house);
  link(row, agentAddress(entry.name));
  fill(row, {
    rank: entry.rank,
    name: entry.name,
    role: shortRole(entry.role),
    netWorth: wholeDollars(entry.netWorth),
    change: signedPercent(entry.change24h),
  });
}
