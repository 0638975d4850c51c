// What happens, the newest first: of every tick what was written, the largest trades and the largest price moves. Rows
// stay where they are and are written anew, so that nothing moves under the reader's eyes, who may also hold them, or
// choose what is shown.

import { arrow, compactDollars, direction, grouped, price, signedPercent } from "./format.js";
import { atNextFrame, fillList, link, mark, setText } from "./dom.js";
import { limits, said } from "./shared.js";

const FIELDS = ["tick", "mark", "symbol", "amount", "price", "value", "headline"];
const OF_TRADES = ["symbol", "amount", "price"]; // cells that what was written has not
const GROUPS = { news: "news", rumor: "news", event: "events", sec: "sec", price: "moves" }; // else trades

export function mountFeed(panel, feed) {
  const list = panel.querySelector("tbody");
  const button = panel.querySelector('[data-act="hold"]');
  const choices = panel.querySelector(".choices");
  let lines = [...list.children].map(read);
  let newest = 0; // tick
  let isHeld = false;
  let group = ""; // all

  const write = (row, line) => writeLine(row, line, line.tick === newest);
  const chosen = () => lines.filter((line) => !group || groupOf(line) === group).slice(0, limits.lines);
  const draw = atNextFrame(() => isHeld || fillList(panel, list, chosen(), write));

  const add = (fresh) => {
    for (const line of fresh) lines.splice(placeFor(lines, line), 0, line);
    lines = newestOfEach(lines);
    draw();
  };

  choices.hidden = false;
  choices.addEventListener("click", ({ target }) => {
    if (!target.matches("[data-filter]")) return;
    group = target.dataset.filter;
    for (const choice of choices.children) choice.setAttribute("aria-pressed", String(choice === target));
    draw();
  });

  button.hidden = false;
  button.addEventListener("click", () => {
    isHeld = !isHeld;
    button.setAttribute("aria-pressed", String(isHeld));
    button.textContent = isHeld ? "▶ RESUME" : "❚❚ PAUSE";
    draw();
  });

  feed.on("tick:update", ({ tick }) => {
    newest = tick;
    draw();
  });

  feed.on("trade:executed", (trades, { tick, totals }) => {
    const largest = [...trades].sort((a, b) => worth(b) - worth(a)).slice(0, limits.trades);
    const rest = totals.trades - largest.length;
    add([...largest.map(tradeLine), ...(rest > 0 ? [restLine(rest, tick)] : [])]);
  });

  feed.on("price:update", (update) => {
    const moved = update.prices.filter((quote) => quote.change);
    moved.sort((a, b) => Math.abs(b.changePercent) - Math.abs(a.changePercent));
    add(moved.slice(0, limits.moves).map(moveLine));
  });

  feed.on("news:breaking", (articles) => add(articles.map(articleLine).reverse()));
}

const groupOf = ({ kind }) => GROUPS[kind] ?? "trades";

// Keep the newest lines of each kind.
function newestOfEach(lines) {
  const counts = {};
  return lines.filter((line) => {
    const group = groupOf(line);
    counts[group] = (counts[group] ?? 0) + 1;
    return counts[group] <= limits.lines;
  });
}

// Return where a line belongs: after those of later ticks, and of its own tick's after those of its kind.
function placeFor(lines, { kind, tick }) {
  const isAfter = (other) => tick > other.tick || (tick === other.tick && placeOf(other.kind) > placeOf(kind));
  const place = lines.findIndex(isAfter);
  return place === -1 ? lines.length : place;
}

// Of a tick what was written comes first, then the trades, then the price moves.
function placeOf(kind) {
  return kind === "price" ? 2 : kind in GROUPS ? 0 : 1;
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

// As terminal/dashboard.py sorts them.
function articleLine({ id, tick, section, topic, event, headline }) {
  const isLaw = section === "regulatory" || topic === "crime";
  const kind = isLaw ? "sec" : event ? "event" : section === "rumor" ? "rumor" : "news";
  return { kind, tick, address: `/news/${id}`, texts: { tick, mark: kind.toUpperCase(), headline } };
}

function restLine(count, tick) {
  return { kind: "rest", tick, texts: { tick, amount: `+${grouped(count)} ${count === 1 ? "trade" : "trades"}` } };
}

function read(row) {
  const { kind, tick, direction } = row.dataset;
  const texts = FIELDS.map((name) => [name, row.querySelector(`[data-field="${name}"]`).textContent]);
  const address = row.querySelector(".headline a").getAttribute("href");
  return { kind, tick: Number(tick), direction, address, texts: Object.fromEntries(texts) };
}

function writeLine(row, { kind, tick, direction = "", address = "", texts }, isNew) {
  mark(row, "kind", kind);
  mark(row, "tick", String(tick));
  mark(row, "direction", direction);
  row.classList.toggle("new", isNew);
  const [headline, symbol] = [row.querySelector(".headline"), row.querySelector(".symbol")];
  headline.hidden = !texts.headline;
  headline.firstElementChild.title = texts.headline ?? "";
  link(headline, address);
  link(symbol, `/markets/${texts.symbol ?? ""}`);
  symbol.firstElementChild.hidden = !texts.symbol;
  for (const name of OF_TRADES) row.querySelector(`.${name}`).hidden = Boolean(texts.headline);
  writeTexts(row, texts);
}

// Rows are written anew as lines move down, so nothing in them has changed.
function writeTexts(row, texts) {
  for (const name of FIELDS) {
    const field = row.querySelector(`[data-field="${name}"]`);
    if (field.textContent !== String(texts[name] ?? "")) setText(field, String(texts[name] ?? ""));
  }
}
