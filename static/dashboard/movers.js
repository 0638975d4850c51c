// The day's largest gains and losses.

import { direction, price, signedPercent } from "./format.js";
import { atNextFrame, fill, fillList, link, mark } from "./dom.js";
import { limits } from "./shared.js";

export function mountMovers(panel, feed) {
  const gainers = panel.querySelector('[data-list="gainers"]');
  const losers = panel.querySelector('[data-list="losers"]');
  let prices = [];

  const draw = atNextFrame(() => {
    const ranked = [...prices].sort((a, b) => b.dayChangePercent - a.dayChangePercent);
    const up = ranked.filter((quote) => quote.dayChange > 0);
    const down = ranked.filter((quote) => quote.dayChange < 0).reverse();
    fillList(panel, gainers, up.slice(0, limits.movers), write);
    fillList(panel, losers, down.slice(0, limits.movers), write);
  });

  feed.on("price:update", (update) => {
    prices = update.prices;
    draw();
  });
}

function write(row, quote) {
  mark(row, "direction", direction(quote.dayChangePercent));
  link(row, `/markets/${quote.symbol}`);
  fill(row, { symbol: quote.symbol, price: price(quote.price), change: signedPercent(quote.dayChangePercent) });
}
