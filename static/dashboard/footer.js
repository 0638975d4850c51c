// The figures at the foot: how much is traded, by how many agents, how far away the server is, and since when it answers.

import { clock, grouped } from "./format.js";
import { fill } from "./dom.js";

const { tickSeconds } = document.body.dataset;

export function mountFooter(footer, feed) {
  const uptime = footer.querySelector('[data-field="uptime"]');
  const startedAt = performance.now() - Number(uptime?.dataset.seconds ?? 0) * 1000;
  const counts = []; // trades of the last ticks
  const ticks = Math.max(1, Math.floor(60 / tickSeconds));

  feed.on("tick:update", ({ tick, tradeCount, activeAgents }) => {
    counts.push(tradeCount);
    if (counts.length > ticks) counts.shift();
    fill(footer, { tick: grouped(tick), agents: grouped(activeAgents) });
    if (counts.length < ticks) return; // until a minute has been heard, the server's figure stands
    fill(footer, { tradesAMinute: grouped(counts.reduce((sum, count) => sum + count, 0)) });
  });

  if (!uptime) return; // in a replay
  feed.on("latency", (milliseconds) => fill(footer, { latency: `${Math.round(milliseconds)} ms` }));
  feed.on("connection", ({ state }) => state === "connected" || fill(footer, { latency: "–" }));
  setInterval(() => (uptime.textContent = clock(Math.floor((performance.now() - startedAt) / 1000))), 1000);
}
