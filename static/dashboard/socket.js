// The live feed: one socket that comes back by itself, and says what it hears by type.
//
// Whoever listens to a type gets (data, frame), each tick's once. What a channel says when one subscribes to it, its
// snapshot, arrives as the type it is a snapshot of. When a seq is skipped, the channels are subscribed to anew.

const SNAPSHOTS = { tick: "tick:update", "market:all": "price:update", leaderboard: "leaderboard:update" };
const CHANNELS = ["tick", "market:all", "leaderboard", "trades", "events"];

const FIRST_WAIT = 500; // milliseconds
const LONGEST_WAIT = 15_000;
const PING_EVERY = 5_000;
const LONGEST_SILENCE = 8_000; // when a pong is due
const SMALL_STEP_BACK = 60; // ticks: the process we come back to may be a little behind
const FAILURES_TILL_ERROR = 5;

const REASONS = { 4403: "REFUSED", 4429: "TOO FAST", 4430: "TOO MANY SOCKETS" };

export class Feed {
  constructor({ epoch, tick }) {
    this.epoch = epoch;
    this.shown = tick; // by the page as the server made it
    this.seq = 0; // of the public stream, the last heard of; nought before the first greeting
    this.failures = 0;
    this.isAwaitingPong = false;
    this.listeners = new Map();
    this.told = new Map(); // channel and type → the seq last told of
  }

  on(type, listener) {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  start() {
    addEventListener("online", () => this.retry());
    addEventListener("pagehide", () => this.socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.retry());
    setInterval(() => this.ping(), PING_EVERY);
    this.open();
  }

  open() {
    if (!this.failures) this.tell("connection", { state: "connecting" });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/ws`));
    this.isAwaitingPong = false;
    this.heardAt = performance.now();
    socket.onmessage = ({ data }) => socket === this.socket && this.receive(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.lost(code);
  }

  lost(code) {
    this.socket = null;
    this.failures += 1;
    const isHopeless = code in REASONS || this.failures >= FAILURES_TILL_ERROR || !navigator.onLine;
    const reason = REASONS[code] ?? (navigator.onLine ? "NO ANSWER" : "OFFLINE");
    this.tell("connection", isHopeless ? { state: "error", reason } : { state: "reconnecting" });
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => this.open(), wait * (0.5 + Math.random() / 2));
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
    else if (frame.type === "snapshot") this.pass(SNAPSHOTS[frame.channel], frame);
    else if (frame.stream === "public") this.live(frame);
  }

  greeted({ epoch, tick }) {
    if (epoch !== this.epoch || tick < this.seq - SMALL_STEP_BACK) {
      location.reload(); // this is another world than the page shows
      return;
    }
    if (this.seq && tick > this.seq) this.tell("gap", { missed: tick - this.seq });
    this.seq = tick;
    this.failures = 0;
    this.tell("connection", { state: "connected" });
    this.subscribe();
    this.ping();
  }

  subscribe() {
    this.send({ type: "subscribe", channels: CHANNELS });
  }

  live(frame) {
    if (frame.seq > this.seq + 1) {
      this.tell("gap", { missed: frame.seq - this.seq - 1 });
      this.send({ type: "unsubscribe", channels: CHANNELS });
      this.subscribe();
    }
    this.pass(frame.type, frame);
  }

  pass(type, frame) {
    const subject = `${frame.channel} ${type}`;
    this.seq = Math.max(this.seq, frame.seq);
    if (frame.seq <= (this.told.get(subject) ?? this.shown)) return;
    this.told.set(subject, frame.seq);
    this.tell(type, frame.data, frame);
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

  // Give up a socket that says nothing: it may take minutes to close.
  abandon() {
    const silent = this.socket;
    this.lost();
    silent.close();
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }
}
