// What the tape says, told to the panels as the live feed would tell it: by type, one tick after another.

import { Prices } from "../dashboard/prices.js";
import { ask, untilFetched } from "../frame/patience.js";

const FETCH_AT = 20; // ticks left

export class Recording {
  constructor() {
    this.listeners = new Map();
    this.prices = new Prices();
    this.isHeard = false; // a replay waits for no tick
  }

  on(type, listener) {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  tell({ seq, tick, events }) {
    for (const event of events) {
      const { type, channel, totals } = event;
      const data = type === "price:update" ? this.prices.whole(event) : event.data;
      const frame = { type, channel, seq, tick, data, totals };
      for (const listener of this.listeners.get(type) ?? []) listener(data, frame);
    }
  }
}

// The ticks that follow one another, fetched ahead of when they are shown.
export class Tape {
  constructor(waitForAnswer) {
    this.waitForAnswer = waitForAnswer; // told each time that the server did not answer
    this.seek(0);
  }

  // Begin anew after a tick.
  seek(tick) {
    this.waiting = [];
    this.fetching = this.trouble = null;
    this.since = tick;
  }

  // Return the next tick's entry, null when there is none yet.
  async next() {
    if (this.waiting.length < FETCH_AT && !this.fetching) {
      this.fetching = this.fetch(this.since).catch((error) => (this.trouble = error));
    }
    if (!this.waiting.length) await this.fetching;
    if (this.trouble && !this.waiting.length) throw this.troubleOnce();
    return this.waiting.shift() ?? null;
  }

  // Return what went wrong, and forget it: who wants the next tick all the same asks again.
  troubleOnce() {
    const { trouble } = this;
    this.fetching = this.trouble = null;
    return trouble;
  }

  async fetch(since) {
    const failed = () => since === this.since && this.waitForAnswer();
    const response = await untilFetched(() => ask(`/replay/ticks?since=${since}`), failed);
    if (!response.ok) throw new Error((await response.json()).error);
    const { first, last, items } = await response.json();
    if (since !== this.since) return; // somebody has sought elsewhere meanwhile
    this.kept = { first, last };
    this.waiting.push(...items);
    this.since = items.at(-1)?.seq ?? since;
    this.fetching = null;
  }
}
