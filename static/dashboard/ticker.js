// The tape that runs under the header.

import { direction, price, signedPercent } from "./format.js";
import { atNextFrame, fill, mark } from "./dom.js";
import { writeSeen } from "./seen.js";

export function mountTicker(ticker, feed) {
  const items = [...ticker.querySelectorAll("[data-symbol]")];
  let prices = new Map();

  const writeItems = writeSeen(items, (item) => {
    const quote = prices.get(item.dataset.symbol);
    if (!quote) return;
    mark(item, "direction", direction(quote.dayChangePercent));
    fill(item, { price: price(quote.price), change: signedPercent(quote.dayChangePercent) });
  });
  const draw = atNextFrame(() => writeItems(items.filter(({ dataset }) => prices.has(dataset.symbol))));

  feed.on("price:update", (update) => {
    prices = new Map(update.prices.map((quote) => [quote.symbol, quote]));
    draw();
  });
}
