// What just happened, the newest first: of every tick the largest trades and the largest moves of prices.

import { arrow, compactDollars, direction, grouped, price, signedPercent } from "./format.js";
import { atNextFrame, fill, rowOf } from "./dom.js";

const KEPT = 60; // lines
const TRADES = 8; // shown of one tick
const MOVES = 3;

export function mountFeed(panel, feed) {
  const list = panel.querySelector("ol");
  let waiting = []; // lines to be drawn, the newest first
  let newest = 0; // tick

  const draw = atNextFrame(() => {
    list.prepend(...waiting.map((line) => write(rowOf(panel), line)));
    waiting = [];
    while (list.children.length > KEPT) list.lastElementChild.remove();
    for (const row of list.querySelectorAll(".new")) row.classList.toggle("new", Number(row.dataset.tick) === newest);
  });

  const add = (lines) => {
    waiting = [...lines, ...waiting].slice(0, KEPT);
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
    add(moved.slice(0, MOVES).map(moveLine));
  });

  feed.on("market:event", (events) => add(events.map(eventLine)));

  feed.on("gap", ({ missed }) => add([gapLine(missed)]));
}

function worth(trade) {
  return trade.price * trade.quantity;
}

function tradeLine(trade) {
  return {
    kind: trade.side ?? "CROSS", // an auction has no taker
    texts: {
      tick: trade.tick,
      mark: trade.side ?? "CROSS",
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
    direction: direction(quote.change),
    texts: {
      tick: quote.tick,
      mark: arrow(quote.change),
      symbol: quote.symbol,
      amount: signedPercent(quote.changePercent),
      price: price(quote.price),
    },
  };
}

function eventLine(event) {
  return { kind: "event", texts: { tick: event.tick, amount: event.headline } };
}

function restLine(count, tick) {
  return { kind: "rest", texts: { tick, amount: `and ${counted(count, "smaller trade")}` } };
}

function gapLine(count) {
  return { kind: "gap", texts: { amount: `${counted(count, "tick")} went unseen` } };
}

function counted(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function write(row, { kind, direction = "", texts }) {
  Object.assign(row.dataset, { kind, direction, tick: texts.tick ?? "" });
  row.classList.add("new");
  fill(row, texts);
  return row;
}
