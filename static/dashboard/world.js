// Where the world stands in its day.

import { dayBar, grouped, percent } from "./format.js";
import { atNextFrame, fill } from "./dom.js";

export function mountWorld(panel, feed) {
  const { openTicks, dayTicks } = document.body.dataset;
  let now;

  const draw = atNextFrame(() =>
    fill(panel, {
      world: now.paused ? "paused" : "running",
      session: now.marketOpen ? "open" : "closed",
      bell: now.marketOpen ? "Closes in" : "Opens in",
      ticksLeft: now.marketOpen ? now.ticksUntilClose : now.ticksUntilOpen,
      tradingDay: grouped(now.tradingDay),
      tickInDay: now.tickInDay,
      regime: now.regime,
      interest: percent(now.interestRate),
      inflation: percent(now.inflationRate),
      growth: percent(now.gdpGrowth),
      bar: dayBar(now.tickInDay, Number(openTicks), Number(dayTicks)),
    }),
  );

  feed.on("tick:update", (update) => {
    now = update;
    draw();
  });
}
