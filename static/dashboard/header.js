// The tick, the session, the state of the connection; the footer's tick and the window's title with them.

import { clock, grouped, price, signedPercent } from "./format.js";
import { fill, mark } from "./dom.js";
import { endOf, firstOfAll } from "./halts.js";
import { limits, said } from "./shared.js";

export function mountHeader(header, feed, tickSeconds) {
  const session = header.querySelector(".session");
  let isPaused = session.dataset.session === "paused";
  let toldAt = performance.now() - Number(document.getElementById("stale").dataset.age) * 1000;
  let now = null; // the last tick's update

  feed.on("tick:update", (update) => {
    now = update;
    isPaused = now.paused;
    toldAt = performance.now();
    const [index] = now.indices;
    document.title = `tick ${now.tick} · ${price(index.value)} ${signedPercent(index.changePercent)} · WallStreetSim`;
    fill(header, { tick: grouped(now.tick) });
    // A tick's prices come before its update, and say whether anything trades.
    const { state, bell } = sessionOf(now, firstOfAll(feed.prices.all), tickSeconds);
    mark(session, "session", state);
    fill(header, { session: state.toUpperCase(), bell });
  });

  // What the market does is not known without a connection; the next tick says it again.
  feed.on("connection", ({ state }) => {
    if (state !== "error") return;
    mark(session, "session", "offline");
    fill(header, { session: "OFFLINE", bell: "" });
  });

  setInterval(() => {
    const silence = (performance.now() - toldAt) / 1000;
    if (isPaused || silence < limits.lateTicks * tickSeconds || !feed.isHeard) return;
    mark(session, "session", "stalled");
    fill(header, { session: "STALLED", bell: `no tick for ${clock(Math.floor(silence))}` });
  }, 1000);
}

function sessionOf(now, halt, tickSeconds) {
  if (now.paused) return { state: "paused", bell: "" };
  if (!now.marketOpen) return { state: "closed", bell: said("opensIn", { time: clock(now.ticksUntilOpen * tickSeconds) }) };
  if (halt) return { state: "halted", bell: endOf(halt) };
  return { state: "open", bell: said("closesIn", { time: clock(now.ticksUntilClose * tickSeconds) }) };
}
