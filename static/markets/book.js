// The book of the company that the page shows, level by level as the feed tells of it.

import { feed } from "../frame/live.js";
import { grouped, price } from "../dashboard/format.js";
import { atNextFrame, fill, flash, setText } from "../dashboard/dom.js";
import { figures } from "../dashboard/shared.js";

const { width: WIDTH, height: HEIGHT, margin: MARGIN, reach: REACH } = figures.depth;
const panel = document.getElementById("levels");
const ladder = document.getElementById("ladder");
const channel = `book:${panel.dataset.symbol}`;
const rows = Math.max(10, ladder.rows.length);
let sides = null; // bids and asks: price → [price, shares, orders]

const draw = atNextFrame(() => {
  const bids = [...sides[0].values()].sort((a, b) => b[0] - a[0]);
  const asks = [...sides[1].values()].sort((a, b) => a[0] - b[0]);
  writeLadder(bids, asks);
  writeDepth(near(bids), near(asks));
  const none = panel.querySelector(".none");
  if (none) none.hidden = bids.length + asks.length > 0;
});

function begin({ bids, asks }) {
  sides = [bids, asks].map((side) => new Map(side.map((level) => [level[0], level])));
  draw();
}

function change({ bids, asks }) {
  if (!sides) return;
  for (const [place, side] of [bids, asks].entries()) {
    for (const level of side) {
      if (level[1]) sides[place].set(level[0], level);
      else sides[place].delete(level[0]);
    }
  }
  draw();
}

function writeLadder(bids, asks) {
  const count = Math.min(rows, Math.max(bids.length, asks.length));
  while (ladder.rows.length > count) ladder.lastElementChild.remove();
  while (ladder.rows.length < count) ladder.append(newRow());
  for (let place = 0; place < count; place++) {
    const [bid, ask] = [bids[place], asks[place]];
    const texts = [
      ...(bid ? [bid[2], grouped(bid[1]), price(bid[0])] : ["", "", ""]),
      ...(ask ? [price(ask[0]), grouped(ask[1]), ask[2]] : ["", "", ""]),
    ];
    texts.forEach((text, cell) => {
      const field = ladder.rows[place].cells[cell];
      if (field.textContent === String(text)) return;
      setText(field, String(text));
      flash(field);
    });
  }
  ladder.dispatchEvent(new Event("drawn"));
}

function newRow() {
  const row = document.createElement("tr");
  for (const name of ["less", "", "bid", "ask", "", "less"]) {
    const cell = row.insertCell();
    if (name) cell.className = name;
  }
  return row;
}

// As terminal/markets.py draws it.
const near = (side) => side.filter(([at]) => Math.abs(at - side[0][0]) <= REACH * side[0][0]);

function writeDepth(bids, asks) {
  const prices = [...bids, ...asks].map(([at]) => at);
  panel.querySelector("figure").hidden = !prices.length;
  if (!prices.length) return;
  const [lowest, highest] = [Math.min(...prices), Math.max(...prices)];
  const most = Math.max(...[bids, asks].map((side) => side.reduce((sum, level) => sum + level[1], 0)));
  const margin = Math.max(0.01, (highest - lowest) * MARGIN);
  const place = (at) => (WIDTH * (at - lowest + margin)) / (highest - lowest + 2 * margin);
  panel.querySelector("polygon.bid").setAttribute("points", steps(bids, place, most, 0));
  panel.querySelector("polygon.ask").setAttribute("points", steps(asks, place, most, WIDTH));
  fill(panel, { lowest: price(lowest), highest: price(highest), most: grouped(most) });
}

function steps(side, place, most, edge) {
  const height = (shares) => (HEIGHT * (1 - shares / most)).toFixed(1);
  const points = [];
  let total = 0;
  for (const [at, shares] of side) {
    points.push(`${place(at).toFixed(1)},${height(total)}`);
    total += shares;
    points.push(`${place(at).toFixed(1)},${height(total)}`);
  }
  if (points.length) points.push(`${edge},${height(total)}`, `${edge},${HEIGHT}`);
  return points.join(" ");
}

feed.on("snapshot", (data, frame) => frame.channel === channel && begin(data));
feed.on("book:update", change);
feed.follow([channel]);
