// What just happened, the newest first: of every tick the market's events, the largest trades, and the largest price
// moves.

import { arrow, compactDollars, direction, grouped, price, signedPercent } from "./format.js";
import { atNextFrame, fill, rowOf } from "./dom.js";
import { has, limits, said } from "./shared.js";

const KEPT = 60; // lines
const TRADES = 8; // shown of one tick
const PLACES = { event: 1, price: 3 }; // among a tick's lines; trades have the one between

export function mountFeed(panel, feed) {
  const list = panel.querySelector("ol");
  let waiting = []; // lines to be drawn
  let newest = 0; // tick

  const draw = atNextFrame(() => {
    for (const line of waiting) list.insertBefore(write(rowOf(panel), line), firstAfter(list, line));
    waiting = [];
    while (list.children.length > KEPT) list.lastElementChild.remove();
    for (const row of list.querySelectorAll(".new")) row.classList.toggle("new", Number(row.dataset.tick) === newest);
  });

  const add = (lines) => {
    waiting = [...waiting, ...lines].slice(-KEPT);
    draw();
  };

  feed.on("tick:update", ({ tick }) => {
    newest = tick;
    draw();
  });

  feed.on("trade:executed", (trades, { tick, totals }) => {
    const largest = [...trades].sort((a, b) => worth(b) - worth(a)).slice(0, TRADES);
    const rest = totals.trades - largest.length;
    add([...largest.map(tradeLine), ...(rest > 0 ? [restLine(rest, tick)] : [])]);
  });

  feed.on("price:update", (update) => {
    const moved = update.prices.filter((quote) => quote.change);
    moved.sort((a, b) => Math.abs(b.changePercent) - Math.abs(a.changePercent));
    add(moved.slice(0, limits.moves).map(moveLine));
  });

  feed.on("market:event", (events, { tick }) => add(happenings(events).map((headline) => eventLine(headline, tick))));
}

// Return the row before which a line belongs, null when that is the end.
function firstAfter(list, { kind, tick }) {
  for (const row of list.children) {
    const age = tick - row.dataset.tick;
    if (age > 0 || (age === 0 && placeOf(row.dataset.kind) > placeOf(kind))) return row;
  }
  return null;
}

function placeOf(kind) {
  return PLACES[kind] ?? 2;
}

// Events of the whole market or a sector come first, then those of one company. Of many of one type the first are
// listed, and the number of the others.
function happenings(events) {
  const lines = [];
  const alike = new Map();
  for (const { type, symbol, headline } of events) {
    if (!symbol && type !== "BANKRUPTCY") lines.push(headline);
    else alike.set(type, [...(alike.get(type) ?? []), headline]);
  }
  for (const [type, headlines] of alike) {
    const rest = headlines.length - limits.alike;
    const isFolded = has(`more:${type}`) && rest > 1;
    lines.push(...(isFolded ? headlines.slice(0, limits.alike) : headlines));
    if (isFolded) lines.push(said("more", { count: grouped(rest), what: said(`more:${type}`) }));
  }
  return lines;
}

function worth(trade) {
  return trade.price * trade.quantity;
}

function tradeLine(trade) {
  return {
    kind: trade.side ?? said("auction"), // an auction has no taker
    tick: trade.tick,
    texts: {
      tick: trade.tick,
      mark: trade.side ?? said("auction"),
      symbol: trade.symbol,
      amount: grouped(trade.quantity),
      price: price(trade.price),
      value: compactDollars(worth(trade)),
    },
  };
}

function moveLine(quote) {
  return {
    kind: "price",
    tick: quote.tick,
    direction: direction(quote.changePercent),
    texts: {
      tick: quote.tick,
      mark: arrow(quote.change),
      symbol: quote.symbol,
      amount: signedPercent(quote.changePercent),
      price: price(quote.price),
    },
  };
}

function eventLine(headline, tick) {
  return { kind: "event", tick, texts: { tick, amount: headline } };
}

function restLine(count, tick) {
  const trades = count === 1 ? "trade" : "trades";
  return { kind: "rest", tick, texts: { tick, amount: `and ${grouped(count)} smaller ${trades}` } };
}

function write(row, { kind, tick, direction = "", texts }) {
  Object.assign(row.dataset, { kind, tick, direction });
  row.classList.add("new");
  fill(row, texts);
  return row;
}
