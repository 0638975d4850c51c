// Keeps a page as the server would make it now. Every element marked data-live="N" (and an id) is taken over, N seconds
// at the earliest after the last time, from the page asked for again when there has been a tick since; one marked
// data-always without waiting for a tick. What a reader has typed, opened or focused stays.

import { Feed } from "../dashboard/socket.js";
import { flashNumber } from "../dashboard/dom.js";
import { mountConnection } from "./connection.js";

const LEAST_WAIT = 250; // milliseconds
const FOCUSABLE = "a, button, summary, [tabindex]";

const taken = new Map(); // id → when its part was last taken over, and of which tick
let isAsking = false;
let timer;

const { epoch, tick, tickSeconds } = document.body.dataset;
let newest = Number(tick); // that was heard of
export const feed = new Feed({ epoch: Number(epoch), tick: newest, channels: [], recovers: false });

const wait = (part, now) => Number(part.dataset.live) * 1000 - 200 - (now - (taken.get(part.id)?.at ?? 0));
const isBehind = ({ id, dataset }) => "always" in dataset || (taken.get(id)?.tick ?? Number(tick)) < newest;

// Take over what is due, and come back for what is not yet.
async function refresh() {
  clearTimeout(timer);
  if (isAsking || document.hidden) return;
  const behind = [...document.querySelectorAll("[data-live]")].filter(isBehind);
  const now = performance.now();
  const parts = behind.filter((part) => wait(part, now) <= 0);
  if (parts.length) await takeOverAll(parts);
  const rest = [...document.querySelectorAll("[data-live]")].filter(isBehind);
  const soonest = Math.min(...rest.map((part) => wait(part, performance.now())));
  if (rest.length) timer = setTimeout(refresh, Math.max(LEAST_WAIT, soonest));
}

async function takeOverAll(parts) {
  isAsking = true;
  for (const { id } of parts) taken.set(id, { at: performance.now(), tick: taken.get(id)?.tick ?? Number(tick) });
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) takeOver(part, page.getElementById(part.id), Number(page.body.dataset.tick));
  } catch {
    // It is tried again.
  } finally {
    isAsking = false;
  }
}

// What a reader has opened, scrolled to or focused stays so.
function takeOver(part, fresh, tick) {
  taken.set(part.id, { at: performance.now(), tick });
  if (!fresh) return;
  part.hidden = fresh.hidden;
  Object.assign(part.dataset, fresh.dataset);
  if (fresh.innerHTML === part.innerHTML) return;
  const open = [...part.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollTop);
  const focused = [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  const before = figuresIn(part);
  part.replaceChildren(...fresh.childNodes);
  for (const [name, cell] of figuresIn(part)) {
    if (before.has(name) && before.get(name).textContent !== cell.textContent) flashNumber(cell);
  }
  part.querySelectorAll("details").forEach((one, place) => (one.open = open[place] ?? false));
  part.querySelectorAll(".scroll").forEach((one, place) => (one.scrollTop = scrolled[place] ?? 0));
  if (focused >= 0) part.querySelectorAll(FOCUSABLE)[focused]?.focus({ preventScroll: true });
  part.dispatchEvent(new Event("taken"));
}

// Take all parts over again, tick or no tick: something else has happened that they show.
export function renew() {
  for (const part of document.querySelectorAll("[data-live]")) taken.set(part.id, { at: taken.get(part.id)?.at ?? 0, tick: -1 });
  refresh();
}

// Return the cells that hold figures, by what says whose and which they are; none that two share, as lines of a tape do.
function figuresIn(part) {
  const cells = new Map();
  const shared = new Set();
  const note = (name, cell) => (cells.has(name) ? shared.add(name) : cells.set(name, cell));
  for (const { cells: row } of part.querySelectorAll("tbody tr")) {
    [...row].slice(1).forEach((cell, column) => note(`${row[0].textContent} ${column}`, cell));
  }
  for (const figure of part.querySelectorAll("dd")) note(figure.previousElementSibling?.textContent, figure);
  for (const name of shared) cells.delete(name);
  return cells;
}

mountConnection(document.getElementById("header"), feed, Number(tickSeconds));
feed.on("tick:update", ({ tick }) => {
  newest = tick;
  refresh();
});
feed.on("connection", ({ state, tick }) => {
  if (state !== "connected") return;
  newest = Math.max(newest, tick);
  refresh();
});
document.addEventListener("visibilitychange", refresh);
feed.start();
refresh();
