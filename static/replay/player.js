// The terminal as it was. The server makes the page of any kept tick; from there the tape plays it on, by the very
// modules that keep the live page up to date.

import { fill } from "../dashboard/dom.js";
import { grouped } from "../dashboard/format.js";
import { mountHeader, mountPanels } from "../dashboard/panels.js";
import { ask, untilFetched } from "../frame/patience.js";
import { Recording, Tape } from "./recording.js";

const LINK_EVERY = 1000; // milliseconds: browsers forbid changing the address much more often

const bar = document.getElementById("replay");
const act = (name) => bar.querySelector(`[data-act="${name}"]`);
const { tick: firstTick, tickSeconds } = document.body.dataset;
const tape = new Tape(waitForAnswer);
const frame = new Recording(); // the header, which stays
let panels; // what is replaced when somebody seeks
let mounted; // a promise: that they listen
let tick = Number(firstTick);
let wanted = null; // tick that is sought
let timer = null; // while it plays
let linkedAt = 0;

function mountAnew() {
  panels = new Recording();
  mounted = mountPanels(panels);
}

function note(text) {
  fill(bar, { note: text });
}

function waitForAnswer() {
  note("no answer: it is asked again");
}

// Say everywhere which tick is shown.
function show(now) {
  tick = now;
  fill(bar, { shown: grouped(tick) });
  if (wanted === null) act("scrub").value = tick;
  document.title = `REPLAY of tick ${tick} · WallStreetSim`;
  for (const link of bar.querySelectorAll("[data-step]")) link.href = addressOf(tick + Number(link.dataset.step));
  act("permalink").href = addressOf(tick);
  if (performance.now() - linkedAt > LINK_EVERY || timer === null) {
    linkedAt = performance.now();
    history.replaceState(null, "", addressOf(tick));
  }
}

function within(target) {
  const { first, last } = bar.dataset;
  return Math.min(Number(last), Math.max(Number(first), target));
}

function addressOf(target) {
  return `/replay?tick=${within(target)}`;
}

function keep({ first, last }) {
  Object.assign(bar.dataset, { first, last });
  Object.assign(act("scrub"), { min: first, max: last });
  fill(bar, { first, last });
}

// Seeking: the page of that tick, from the server. Of several wishes while one is under way, the last counts.

export async function seek(target) {
  const isUnderWay = wanted !== null;
  wanted = within(target);
  fill(bar, { shown: grouped(wanted) });
  if (isUnderWay) return;
  while (wanted !== null) {
    let sought;
    const response = await untilFetched(() => ask(addressOf((sought = wanted))), waitForAnswer);
    await load(sought, response);
    if (wanted === sought) wanted = null;
  }
}

async function load(target, response) {
  if (response.status === 429) {
    note("too fast: wait a moment");
    return;
  }
  if (!response.ok) {
    note(`tick ${target} is not on the tape any more`);
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const selector of ["#ticker", "main", "#footer"]) {
    document.querySelector(selector).replaceWith(document.adoptNode(page.querySelector(selector)));
  }
  for (const field of page.querySelectorAll("#header [data-field]")) fill(header, { [field.dataset.field]: field.textContent });
  const session = page.querySelector("#header .session");
  header.querySelector(".session").dataset.session = session.dataset.session;
  keep(page.getElementById("replay").dataset);
  tape.seek(target);
  mountAnew();
  note("");
  show(target);
}

// Playing

async function advance() {
  const started = performance.now();
  const playing = timer;
  try {
    const entry = await tape.next();
    await mounted;
    if (timer !== playing) return; // stopped meanwhile
    if (tape.kept) keep(tape.kept);
    if (entry) {
      panels.tell(entry);
      frame.tell(entry);
      show(entry.tick);
      note("");
    } else {
      note("this is the last tick so far");
    }
  } catch (error) {
    pause();
    note(error.message);
    return;
  }
  const interval = (Number(tickSeconds) * 1000) / Number(act("speed").value);
  timer = setTimeout(advance, Math.max(0, interval - (performance.now() - started)));
}

function play() {
  act("play").textContent = "❚❚ PAUSE";
  act("play").setAttribute("aria-pressed", "true");
  timer = setTimeout(advance, 0);
}

function pause() {
  clearTimeout(timer);
  timer = null;
  act("play").textContent = "▶ PLAY";
  act("play").setAttribute("aria-pressed", "false");
  show(tick);
}

export const toggle = () => (timer === null ? play() : pause());

// Go so many ticks from the one that is shown, or sought.
export const go = (ticks) => seek((wanted ?? tick) + ticks);

const header = document.getElementById("header");
mountHeader(header, frame, Number(tickSeconds));
mountAnew();
tape.seek(tick);
