// The tick, the session, the state of the connection; the footer's tick and the window's title with them.

import { clock, grouped, price, signedPercent } from "./format.js";
import { fill, mark } from "./dom.js";

const LATE_TICKS = 10;

export function mountHeader(header, feed, tickSeconds) {
  const footer = document.getElementById("footer");
  const session = header.querySelector(".session");
  const connection = header.querySelector(".connection");
  const light = header.querySelector(".light");
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  let isPaused = session.dataset.session === "paused";
  let toldAt = performance.now();

  feed.on("tick:update", (now) => {
    isPaused = now.paused;
    toldAt = performance.now();
    const [index] = now.indices;
    document.title = `tick ${now.tick} · ${price(index.value)} ${signedPercent(index.changePercent)} · WallStreetSim`;
    fill(header, { tick: grouped(now.tick), ...sessionTexts(now, tickSeconds) });
    fill(footer, { tick: grouped(now.tick) });
    mark(session, "session", isPaused ? "paused" : now.marketOpen ? "open" : "closed");
  });

  feed.on("tick:update", () => {
    if (!stillness.matches) light.animate({ opacity: [0.2, 1] }, 400);
  });

  feed.on("connection", ({ state, reason }) => {
    mark(connection, "state", state);
    fill(header, { connection: reason ?? state.toUpperCase(), latency: "" });
  });

  feed.on("latency", (milliseconds) => fill(header, { latency: `${Math.round(milliseconds)} ms` }));

  setInterval(() => {
    const silence = (performance.now() - toldAt) / 1000;
    if (isPaused || silence < LATE_TICKS * tickSeconds || connection.dataset.state !== "connected") return;
    mark(session, "session", "stalled");
    fill(header, { session: "STALLED", bell: `no tick for ${clock(Math.floor(silence))}` });
  }, 1000);
}

function sessionTexts(now, tickSeconds) {
  if (now.paused) return { session: "PAUSED", bell: "" };
  return now.marketOpen
    ? { session: "OPEN", bell: `closes in ${clock(now.ticksUntilClose * tickSeconds)}` }
    : { session: "CLOSED", bell: `opens in ${clock(now.ticksUntilOpen * tickSeconds)}` };
}
