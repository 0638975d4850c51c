// The live feed: one socket that comes back by itself, and says what it hears by type.
//
// Whoever listens to a type gets (data, frame), each tick's once and in order, from the one after which the server made
// the page: what happens while there is no socket is told from the tape when there is one again. So snapshots say
// nothing new; that of the prices is what their changes are added to. When a seq is skipped, the socket is given up for
// another. A feed that recovers nothing begins anew with each socket, by the snapshots of what it follows.

import { waitAfter } from "../frame/patience.js";
import { Prices } from "./prices.js";
import { channels as PUBLIC, closings } from "./shared.js";

const PING_EVERY = 5_000; // milliseconds
const ANSWER_WITHIN = 1_000; // a pong, usually
const LONGEST_SILENCE = 8_000; // when a pong is due
const SMALL_STEP_BACK = 60; // ticks: the process we come back to may be a little behind
const MOST_MISSED = 60; // ticks: rather than being told of more, the page is loaded anew
const FAILURES_TILL_ERROR = 5;

export class Feed {
  constructor({ epoch, tick, channels = PUBLIC, recovers = true }) {
    this.epoch = epoch;
    this.channels = channels;
    this.recovers = recovers;
    this.shown = tick; // by the page as the server made it
    this.seq = tick; // of the public stream, the last heard of
    this.early = null; // while we are told what we missed: frames that must wait for it
    this.failures = 0;
    this.isAwaitingPong = false;
    this.isGreeted = false;
    this.listeners = new Map();
    this.told = new Map(); // channel and type → the seq last told of
    this.prices = new Prices();
  }

  on(type, listener) {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  // Hear of these channels as well.
  follow(channels) {
    this.channels = [...this.channels, ...channels];
    if (this.failures || !this.isGreeted) return;
    this.send({ type: "subscribe", channels });
  }

  // Whether the server has spoken lately: it answers pings when there is no tick to tell of.
  get isHeard() {
    return Boolean(this.socket) && performance.now() - this.heardAt < PING_EVERY + ANSWER_WITHIN;
  }

  start() {
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.socket && this.abandon());
    addEventListener("pagehide", () => this.socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.retry());
    setInterval(() => this.ping(), PING_EVERY);
    this.open();
  }

  open() {
    if (!this.failures) this.tell("connection", { state: "connecting" });
    this.isGreeted = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/ws`));
    this.isAwaitingPong = false;
    this.heardAt = performance.now();
    socket.onmessage = ({ data }) => socket === this.socket && this.receive(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.lost(code);
  }

  lost(code) {
    this.socket = null;
    this.isGreeted = false;
    this.failures += 1;
    const isHopeless = code in closings || this.failures >= FAILURES_TILL_ERROR || !navigator.onLine;
    const reason = closings[code] ?? (navigator.onLine ? "NO ANSWER" : "OFFLINE");
    this.tell("connection", isHopeless ? { state: "error", reason, code } : { state: "reconnecting", code });
    this.timer = setTimeout(() => this.open(), waitAfter(this.failures));
  }

  retry() {
    if (this.socket) return;
    clearTimeout(this.timer);
    this.open();
  }

  receive(frame) {
    this.heardAt = performance.now();
    if (frame.type === "connected") this.greeted(frame);
    else if (frame.type === "pong") this.answered();
    else if (frame.type === "notice") document.dispatchEvent(new CustomEvent("notice", { detail: frame }));
    else if (frame.type === "recovery:batch") this.recover(frame.entries.flatMap(framesOf));
    else if (frame.type === "recovery:complete") this.resumed(frame);
    else if (frame.type === "snapshot") this.begin(frame);
    else if (frame.stream === "public") this.live(frame);
    else if (frame.stream) this.tell(frame.type, frame.data, frame); // the agent's own
    else this.tell(frame.type, frame);
  }

  // What was missed: of the public stream it waits for the rest, if it is wanted at all.
  recover(frames) {
    for (const frame of frames) {
      if (frame.stream !== "public") this.tell(frame.type, frame.data, frame);
      else this.early?.push(frame);
    }
  }

  begin(frame) {
    if (frame.channel === "market:all") this.prices.begin(frame.data);
    this.tell("snapshot", frame.data, frame);
  }

  greeted({ epoch, tick }) {
    const isElsewhere = epoch !== this.epoch || tick < this.seq - SMALL_STEP_BACK;
    if (isElsewhere || (this.recovers && tick > this.seq + MOST_MISSED)) {
      location.reload(); // this is another world than the page shows, or a much later one
      return;
    }
    this.failures = 0;
    this.isGreeted = true;
    this.early = this.recovers ? [] : null;
    if (!this.recovers) this.seq = this.shown = tick;
    this.tell("connection", { state: "connected", tick });
    if (this.channels.length) this.send({ type: "subscribe", channels: this.channels });
    this.ping();
    if (!this.recovers) return;
    const whole = Math.max(this.shown, this.seq - 1); // of the last we may have heard a part
    this.send({ type: "resume", epoch, since: { public: whole } });
  }

  resumed({ gap }) {
    if (!this.early) return;
    if (gap) {
      location.reload(); // the tape has it no longer
      return;
    }
    const frames = this.early.sort((a, b) => a.seq - b.seq);
    this.early = null;
    for (const frame of frames) this.pass(frame);
  }

  live(frame) {
    if (this.early) this.early.push(frame);
    else if (frame.seq > this.seq + 1) this.abandon();
    else this.pass(frame);
  }

  pass(frame) {
    const subject = `${frame.channel} ${frame.type}`;
    this.seq = Math.max(this.seq, frame.seq);
    if (frame.seq <= (this.told.get(subject) ?? this.shown)) return;
    this.told.set(subject, frame.seq);
    this.tell(frame.type, frame.type === "price:update" ? this.prices.whole(frame) : frame.data, frame);
  }

  tell(type, data, frame) {
    for (const listener of this.listeners.get(type) ?? []) listener(data, frame);
  }

  ping() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.isAwaitingPong && performance.now() - this.heardAt > LONGEST_SILENCE) {
      this.abandon();
      return;
    }
    this.isAwaitingPong = true;
    this.pingedAt = performance.now();
    this.send({ type: "ping" });
  }

  answered() {
    this.isAwaitingPong = false;
    this.tell("latency", this.heardAt - this.pingedAt);
  }

  // Give up a socket that says nothing, for it may take minutes to close, or one that left something out.
  abandon() {
    const silent = this.socket;
    this.lost();
    silent.close();
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }
}

// What an entry of the tape said, as it would have been told live.
function framesOf({ stream, seq, tick, timestamp, events }) {
  return events.map((event) => ({ stream, seq, tick, timestamp, ...event }));
}
