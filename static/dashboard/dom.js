// The little that every panel does to the page. Text goes in as text: nothing of what others wrote becomes markup.

const SUBJECTS = ["symbol", "name", "headline"]; // whom the other fields of a row tell of
const COUNTED = new Set(["tick", "tickInDay", "ticksLeft", "left", "rank", "latency", "age", "bell", "bar"]); // they always change

// Write these texts into the fields of `root`, by name; an unchanged field is left alone. Numbers that have changed
// flash, unless the row tells of another now.
export function fill(root, texts) {
  const changed = [];
  for (const [name, text] of Object.entries(texts)) {
    const field = root.querySelector(`[data-field="${name}"]`);
    if (field.textContent === String(text)) continue;
    changed.push([name, field]);
    setText(field, String(text));
  }
  if (changed.some(([name]) => SUBJECTS.includes(name))) return;
  for (const [name, field] of changed) if (!COUNTED.has(name)) flashNumber(field);
}

// Write a text into an element that has nothing else: into the node that is there, which costs less than another.
export function setText(element, text) {
  const { firstChild: only } = element;
  if (text && only?.nodeType === Node.TEXT_NODE && only === element.lastChild) only.data = text;
  else element.textContent = text;
}

export function mark(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

// Have the row's link lead to this address.
export function link(row, address) {
  const anchor = row.querySelector("a");
  if (anchor.getAttribute("href") !== address) anchor.setAttribute("href", address);
}

export const agentAddress = (name) => `/agents/${encodeURIComponent(name)}`;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

const FLASH = 200; // milliseconds
const flashing = new Set(); // at the next frame
const lit = new Map(); // element → the timer of its last flash

// Show for a moment that this has changed, to those who do not mind motion.
export function flash(element) {
  if (stillness.matches || document.hidden) return;
  if (!flashing.size) requestAnimationFrame(flashAll);
  flashing.add(element);
}

// Only what can be seen flashes. It is looked for once everything has been written, so that nothing is laid out twice. An
// attribute is set and taken away: an animation each would be a layer each, and hundreds are drawn anew every frame.
function flashAll() {
  const seen = [...flashing].filter((element) => {
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  });
  flashing.clear();
  const timer = setTimeout(() => {
    for (const element of seen) {
      if (lit.get(element) !== timer) continue; // it has flashed again
      lit.delete(element);
      delete element.dataset.flash;
    }
  }, FLASH);
  for (const element of seen) {
    lit.set(element, timer);
    element.dataset.flash = "";
  }
}

const NUMBER = /^[^a-z]*\d[\d.,]*[%KMBT]?$/i; // with a sign or a currency, and a unit

export function flashNumber(element) {
  if (NUMBER.test(element.textContent)) flash(element);
}

// Make a new row as the panel's template has it.
export function rowOf(panel) {
  return panel.querySelector("template").content.firstElementChild.cloneNode(true);
}

// Have one row per item in `list`, in order, each written by `write(row, item)`.
export function fillList(panel, list, items, write) {
  while (list.children.length > items.length) list.lastElementChild.remove();
  while (list.children.length < items.length) list.append(rowOf(panel));
  items.forEach((item, place) => write(list.children[place], item));
}

// Return a function that draws at the next frame of the screen, once however often it is called.
export function atNextFrame(draw) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  };
}

// Let the browser do what else it has to, before what follows.
export function pause() {
  return globalThis.scheduler?.yield?.() ?? new Promise((go) => setTimeout(go));
}
