// Every company: its price, its day, its volume, its line.

import { compact, direction, price, signedPercent } from "./format.js";
import { atNextFrame, fill, mark } from "./dom.js";
import { endOf, firstOfAll, noteOf, reasonOf, stateOf } from "./halts.js";
import { Line } from "./line.js";
import { writeSeen } from "./seen.js";

export function mountMarket(panel, feed) {
  const rows = new Map();
  for (const row of panel.querySelectorAll("[data-symbol]")) {
    rows.set(row.dataset.symbol, {
      row,
      line: new Line(row.querySelector("svg")),
      stateCell: row.querySelector("td.state"),
      priceCell: row.querySelector(".price"),
      volumeCell: row.querySelector(".volume"),
    });
  }
  const halted = panel.querySelector(".halted");
  let prices = [];
  let isOpen = true;
  const quotes = new Map(); // row → the newest
  const elements = [...rows.values()].map(({ row }) => row);
  const writeRows = writeSeen(elements, (row) => write(rows.get(row.dataset.symbol), quotes.get(row)));

  const draw = atNextFrame(() => {
    const first = isOpen ? firstOfAll(prices) : null;
    halted.hidden = first === null;
    fill(halted, { term: first ? `${endOf(first)}: ${reasonOf(first)}` : "" });
    for (const quote of prices) quotes.set(rows.get(quote.symbol).row, quote);
    writeRows(prices.map((quote) => rows.get(quote.symbol).row));
  });

  feed.on("price:update", (update) => {
    prices = update.prices.filter((quote) => rows.has(quote.symbol)); // others show when the page is loaded next
    for (const quote of prices) rows.get(quote.symbol).line.add(update.tick, Math.round(quote.price * 100));
    draw();
  });

  feed.on("tick:update", (now) => {
    isOpen = now.marketOpen;
    if (prices.length) draw();
  });

  feed.on("market:event", (events) => {
    for (const { type, symbol, into, of } of events) {
      if (type === "SPLIT") rows.get(symbol)?.line.rescale(of / into);
    }
  });
}

function write({ row, line, stateCell, priceCell, volumeCell }, quote) {
  const state = stateOf(quote);
  mark(row, "direction", direction(quote.dayChangePercent));
  mark(row, "state", state);
  mark(priceCell, "direction", direction(quote.change));
  stateCell.title = noteOf(quote);
  const volume = compact(quote.volume24h);
  mark(volumeCell, "fresh", String(volumeCell.textContent !== volume)); // it has just been traded
  const bands = quote.bandHigh ? `${price(quote.bandLow)}–${price(quote.bandHigh)}` : "";
  priceCell.title = bands && `Bands ${bands}`;
  fill(row, {
    price: price(quote.price),
    change: signedPercent(quote.dayChangePercent),
    bid: price(quote.bid),
    ask: price(quote.ask),
    bands,
    state,
    volume,
  });
  line.draw();
}
