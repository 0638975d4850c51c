// The tape that runs under the header.

import { direction, price, signedPercent } from "./format.js";
import { atNextFrame, fill, mark } from "./dom.js";

export function mountTicker(ticker, feed) {
  const items = [...ticker.querySelectorAll("[data-symbol]")];
  let prices = new Map();

  const draw = atNextFrame(() => {
    for (const item of items) {
      const quote = prices.get(item.dataset.symbol);
      if (!quote) continue;
      mark(item, "direction", direction(quote.dayChangePercent));
      fill(item, { price: price(quote.price), change: signedPercent(quote.dayChangePercent) });
    }
  });

  feed.on("price:update", (update) => {
    prices = new Map(update.prices.map((quote) => [quote.symbol, quote]));
    draw();
  });
}
