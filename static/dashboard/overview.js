// The market as a whole: its worth, its volume, its agents, its index.

import { compactDollars, direction, grouped, price, signedPercent } from "./format.js";
import { atNextFrame, fill, mark } from "./dom.js";
import { Candles } from "./candles.js";

const { openTicks } = document.body.dataset;

export function mountOverview(panel, feed) {
  const svg = panel.querySelector("svg");
  const indexFigure = panel.querySelector("dd[data-direction]");
  const candles = new Candles(svg);
  let now;

  const draw = atNextFrame(() => {
    const [index] = now.indices;
    fill(panel, {
      marketCap: compactDollars(now.marketCap),
      volume: compactDollars(now.volume24h),
      agents: grouped(now.activeAgents),
      index: price(index.value),
      change: signedPercent(index.changePercent),
    });
    mark(indexFigure, "direction", direction(index.changePercent));
    if (!candles.all.length) return;
    fill(panel, { highest: price(candles.highest / 100), lowest: price(candles.lowest / 100) });
    candles.draw();
  });

  feed.on("tick:update", (update) => {
    now = update;
    if (now.tickInDay < openTicks) candles.add(now.tick, Math.round(now.indices[0].value * 100));
    draw();
  });
}
