// The index as candles, which the machine ends after so many ticks of the day and with the session; the last forms.

import { figures, limits } from "./shared.js";
import { closesCandle } from "./line.js";

const { width: WIDTH, height: HEIGHT, candle: CANDLE_WIDTH } = figures.candles;
const { dayTicks } = document.body.dataset;

export class Candles {
  constructor(svg) {
    const { candles } = svg.dataset;
    this.rising = svg.querySelector(".rising");
    this.falling = svg.querySelector(".falling");
    this.all = candles ? candles.split(";").map((one) => one.split(",").map(Number)) : [];
    const lastTick = this.all.at(-1)?.[0];
    this.isForming = lastTick !== undefined && !closesCandle(lastTick % dayTicks);
    this.last = this.all.at(-1)?.[4] ?? null; // the index's value
  }

  get highest() {
    return Math.max(...this.all.map(([, , high]) => high));
  }

  get lowest() {
    return Math.min(...this.all.map(([, , , low]) => low));
  }

  // Take in the index after a tick of open market.
  add(tick, value) {
    const open = this.last ?? value;
    this.last = value;
    if (this.isForming) {
      const forming = this.all.at(-1);
      this.all[this.all.length - 1] = [tick, forming[1], Math.max(forming[2], value), Math.min(forming[3], value), value];
    } else {
      this.all.push([tick, open, Math.max(open, value), Math.min(open, value), value]);
    }
    this.isForming = !closesCandle(tick % dayTicks);
    this.all = this.all.slice(-limits.candles - (this.isForming ? 1 : 0));
  }

  draw() {
    this.rising.setAttribute("d", this.path((open, close) => close >= open));
    this.falling.setAttribute("d", this.path((open, close) => close < open));
  }

  path(isChosen) {
    const { highest, lowest } = this;
    const step = WIDTH / (limits.candles + 1);
    const width = CANDLE_WIDTH * step;
    const height = (value) =>
      (highest === lowest ? HEIGHT / 2 : 1 + ((HEIGHT - 2) * (highest - value)) / (highest - lowest)).toFixed(1);
    return this.all
      .map(([, open, high, low, close], place) => {
        if (!isChosen(open, close)) return "";
        const [left, top, foot] = [place * step, height(Math.max(open, close)), height(Math.min(open, close))];
        const wick = `M${(left + width / 2).toFixed(1)},${height(high)}V${height(low)}`;
        return `${wick}M${left.toFixed(1)},${top}h${width.toFixed(1)}V${foot}h-${width.toFixed(1)}z`;
      })
      .join("");
  }
}
