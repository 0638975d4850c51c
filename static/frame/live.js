// Keeps a page as the server would make it now. Every element marked data-live="N" (and an id) is taken over, N seconds
// at the earliest after the last time, from the page asked for again; what a reader has typed or opened stays.

import { Feed } from "../dashboard/socket.js";
import { mountConnection } from "./connection.js";

const FOCUSABLE = "a, button, summary, [tabindex]";

const taken = new Map(); // id → when its part was last taken over
let isAsking = false;

const { epoch, tick, tickSeconds } = document.body.dataset;
export const feed = new Feed({ epoch: Number(epoch), tick: Number(tick), channels: [], recovers: false });

function due() {
  const now = performance.now();
  return [...document.querySelectorAll("[data-live]")].filter(
    ({ id, dataset }) => now - (taken.get(id) ?? 0) >= Number(dataset.live) * 1000 - 200,
  );
}

async function refresh() {
  const parts = due();
  if (isAsking || document.hidden || !parts.length) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) takeOver(part, page.getElementById(part.id));
  } catch {
    // The next tick tries again.
  } finally {
    isAsking = false;
  }
}

// What a reader has opened, scrolled to or focused stays so.
function takeOver(part, fresh) {
  taken.set(part.id, performance.now());
  if (!fresh || fresh.innerHTML === part.innerHTML) return;
  const open = [...part.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollTop);
  const focused = [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((one, place) => (one.open = open[place] ?? false));
  part.querySelectorAll(".scroll").forEach((one, place) => (one.scrollTop = scrolled[place] ?? 0));
  if (focused >= 0) part.querySelectorAll(FOCUSABLE)[focused]?.focus({ preventScroll: true });
  part.dispatchEvent(new Event("taken"));
}

mountConnection(document.getElementById("header"), feed, Number(tickSeconds));
feed.on("tick:update", refresh);
feed.on("connection", ({ state }) => state === "connected" && refresh());
document.addEventListener("visibilitychange", refresh);
feed.start();
