// The market as a whole: its worth, its volume, its agents, its index.

import { compactDollars, direction, grouped, price, signedPercent } from "./format.js";
import { atNextFrame, fill, mark } from "./dom.js";
import { Line } from "./line.js";

export function mountOverview(panel, feed) {
  const svg = panel.querySelector("svg");
  const indexFigure = panel.querySelector("dd[data-direction]");
  const line = new Line(svg);
  let now;

  const draw = atNextFrame(() => {
    const [index] = now.indices;
    fill(panel, {
      marketCap: compactDollars(now.marketCap),
      volume: compactDollars(now.volume24h),
      agents: grouped(now.activeAgents),
      index: price(index.value),
      change: signedPercent(index.changePercent),
      highest: price(line.highest / 100),
      lowest: price(line.lowest / 100),
    });
    for (const element of [svg, indexFigure]) mark(element, "direction", direction(index.changePercent));
    line.draw();
  });

  feed.on("tick:update", (update) => {
    now = update;
    line.add(now.tick, Math.round(now.indices[0].value * 100));
    draw();
  });
}
