// The leaderboard.

import { direction, signedPercent, wholeDollars, shortRole } from "./format.js";
import { atNextFrame, fill, fillList, link, mark, agentAddress } from "./dom.js";

export function mountAgents(panel, feed) {
  const list = panel.querySelector('[data-list="standings"]');
  let entries = [];

  const draw = atNextFrame(() => fillList(panel, list, entries, write));

  feed.on("leaderboard:update", (board) => {
    entries = board.entries;
    draw();
  });
}

function write(row, entry) {
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
