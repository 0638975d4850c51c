// The sectors' day, weighted by what their companies are worth, the hotter the brighter.

import { arrow, direction, signedPercent } from "./format.js";
import { atNextFrame, mark } from "./dom.js";
import { figures } from "./shared.js";

export function mountSectors(panel, feed) {
  const list = panel.querySelector(".tiles");
  const companies = new Map(Object.entries(JSON.parse(list.dataset.companies))); // symbol → sector, shares
  let prices = [];

  const draw = atNextFrame(() => {
    const sums = new Map(); // sector → worth now and at the previous close
    for (const { symbol, price, dayChange } of prices) {
      const [sector, shares] = companies.get(symbol) ?? [];
      if (!sector) continue;
      const [worth, before] = sums.get(sector) ?? [0, 0];
      sums.set(sector, [worth + price * shares, before + (price - dayChange) * shares]);
    }
    for (const tile of list.children) {
      const [worth, before] = sums.get(tile.dataset.sector) ?? [0, 0];
      if (before) write(tile, (100 * (worth - before)) / before);
    }
  });

  feed.on("price:update", (update) => {
    prices = update.prices;
    draw();
  });

  feed.on("market:event", (events) => {
    for (const { type, symbol, sharesIssued } of events) {
      if (type === "SPLIT" && companies.has(symbol)) companies.get(symbol)[1] = sharesIssued;
    }
  });
}

function write(tile, change) {
  const size = figures.heatPercent.filter((least) => Math.abs(change) >= least).length;
  mark(tile, "heat", String(change > 0 ? size : -size || 0));
  mark(tile, "direction", direction(change));
  const field = tile.querySelector('[data-field="change"]');
  const [sign, words] = [arrow(change), ` ${signedPercent(change)}`];
  if (field.firstElementChild.textContent !== sign) field.firstElementChild.textContent = sign;
  if (field.lastChild.textContent !== words) field.lastChild.textContent = words;
}
