// A line of prices: a point every few ticks that the market is open, and a last one that moves with every tick.

import { figures, limits } from "./shared.js";

const { width: WIDTH, height: HEIGHT } = figures.line;

const { openTicks, dayTicks } = document.body.dataset;

export class Line {
  constructor(svg) {
    this.polyline = svg.querySelector("polyline");
    this.values = svg.dataset.line.split(",").map(Number);
  }

  add(tick, value) {
    this.values[this.values.length - 1] = value;
    if (closesCandle(tick % dayTicks)) this.values.push(value);
    if (this.values.length > limits.points + 1) this.values.shift();
  }

  // Restate the values after a split, which multiplies prices.
  rescale(factor) {
    this.values = this.values.map((value) => Math.round(value * factor));
  }

  draw() {
    this.polyline.setAttribute("points", pointsOf(this.values));
  }
}

// Place values, oldest first, in a line's drawing space.
export function pointsOf(values) {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const step = WIDTH / Math.max(1, values.length - 1);
  return values.map((value, place) => `${(place * step).toFixed(1)},${height(value, lowest, highest)}`).join(" ");
}

// Candles end as market/engine/candles.py ends them: after so many ticks of the day, and with the session.
export function closesCandle(tickInDay) {
  if (tickInDay >= openTicks) return false;
  return (tickInDay + 1) % limits.pointTicks === 0 || tickInDay === openTicks - 1;
}

function height(value, lowest, highest) {
  if (lowest === highest) return HEIGHT / 2;
  return (HEIGHT - 1 - ((HEIGHT - 2) * (value - lowest)) / (highest - lowest)).toFixed(1);
}
