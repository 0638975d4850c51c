// The site by keys. Nothing happens while somebody types, with a modifier held, or where shortcuts are turned off, which
// this browser remembers. What the keys of "g" lead to is in the navigation, what "[" and "]" do on the page.

import { pause } from "../dashboard/dom.js";
import { mountCommand } from "./command.js";

const PATIENCE = 1500; // milliseconds, between "g" and what follows
const STORED = "shortcuts";
const TYPED = "input:not([type=checkbox], [type=range]), textarea, select, [contenteditable], dialog";
const ROWS = "main :is(tbody tr, li)";

const list = document.getElementById("shortcuts");
const command = mountCommand(document.getElementById("command"));
const switches = document.querySelectorAll('[data-act="shortcuts"]');
let leaderAt = -Infinity; // when "g" was pressed

const isOn = () => localStorage.getItem(STORED) !== "off";

const KEYS = {
  "/": () => command.open(),
  "?": () => list.showModal(),
  "[": () => follow('[rel="prev"]'),
  "]": () => follow('[rel="next"]'),
  j: () => move(1),
  k: () => move(-1),
  z: () => document.body.toggleAttribute("data-focus"),
  g: () => (leaderAt = performance.now()),
};

function follow(selector) {
  const link = document.querySelector(selector);
  link?.click();
  return Boolean(link);
}

// Focus the first link of the next row, or of the one before, that can be seen.
function move(step) {
  const links = [...document.querySelectorAll(ROWS)]
    .map((row) => row.querySelector("a[href]"))
    .filter((link) => link?.checkVisibility());
  const row = document.activeElement.closest(ROWS);
  const now = links.findIndex((link) => link.closest(ROWS) === row);
  const next = now < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, now + step));
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: "nearest" });
}

function isShortcut(event) {
  const isModified = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  const isTyped = event.isComposing || event.target.closest?.(TYPED);
  return isOn() && !isModified && !isTyped && !event.defaultPrevented;
}

addEventListener("keydown", (event) => {
  const isLed = performance.now() - leaderAt < PATIENCE;
  leaderAt = -Infinity;
  if (!isShortcut(event)) return;
  const { key } = event;
  if (key === "Escape") {
    document.body.removeAttribute("data-focus");
    return;
  }
  if (isLed && /^[a-z]$/.test(key) && follow(`.sections [data-key="${key}"]`)) event.preventDefault();
  else if (!isLed && Object.hasOwn(KEYS, key)) {
    event.preventDefault(); // "/" would open the browser's own search, or be typed into the command line
    KEYS[key]();
  }
});

// By touch: the same command line, by a link that leads to a page of its own without scripts.
document.addEventListener("click", (event) => {
  if (!event.target.closest('[data-act="command"]') || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  command.open();
});

function show() {
  for (const one of switches) one.checked = isOn();
}

for (const one of switches) {
  one.closest("[hidden]")?.removeAttribute("hidden");
  one.addEventListener("change", () => {
    localStorage.setItem(STORED, one.checked ? "on" : "off");
    show();
  });
}
addEventListener("storage", show);
pause().then(show); // it may read a file, which the page need not wait for
