// The state of the connection, its latency, and whether what the page shows is still so. While it connects a character
// turns; for those who want no motion it stands still.

import { clock, grouped } from "../dashboard/format.js";
import { fill, mark } from "../dashboard/dom.js";
import { limits } from "../dashboard/shared.js";

const TURNS = ["|", "/", "–", "\\"];
const TURN_EVERY = 150; // milliseconds
const LIGHT = "●";
const WORDS = { connecting: "CONNECTING", connected: "LIVE", reconnecting: "RECONNECTING" };

export function mountConnection(header, feed, tickSeconds) {
  const connection = header.querySelector(".connection");
  const light = header.querySelector(".light");
  const stale = document.getElementById("stale");
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  let turn = 0;
  let isConnected = false;
  let isPaused = header.querySelector(".session").dataset.session === "paused";
  let lastTick = Number(document.body.dataset.tick);
  let toldAt = performance.now() - Number(stale.dataset.age) * 1000; // the page may have been late already

  feed.on("connection", ({ state, reason }) => {
    isConnected = state === "connected";
    mark(connection, "state", state);
    fill(header, { connection: reason ?? WORDS[state] ?? state.toUpperCase(), latency: "" });
    show();
  });

  feed.on("latency", (milliseconds) => fill(header, { latency: `${Math.round(milliseconds)} ms` }));

  feed.on("tick:update", ({ tick, paused }) => {
    lastTick = tick;
    isPaused = paused;
    toldAt = performance.now();
    if (!stillness.matches) light.animate({ opacity: [0.2, 1] }, 250);
    show();
  });

  // Old figures look old: everything loses its colour, and a line says of which tick they are.
  function show() {
    const silence = (performance.now() - toldAt) / 1000;
    const isLate = !isPaused && silence >= limits.lateTicks * tickSeconds;
    const isStale = isLate || (!isConnected && silence >= 2 * tickSeconds);
    stale.hidden = !isStale;
    if (isStale) fill(stale, { tick: grouped(lastTick), age: clock(Math.floor(silence)) });
  }

  setInterval(show, 1000);
  setInterval(() => {
    const isTurning = connection.dataset.state === "connecting" || connection.dataset.state === "reconnecting";
    if (!isTurning) turn = 0;
    else if (!stillness.matches) turn += 1;
    const sign = isTurning ? TURNS[turn % TURNS.length] : LIGHT;
    if (light.textContent !== sign) light.textContent = sign;
  }, TURN_EVERY);
}
