// How the terminal writes figures, as wallstreetsim/terminal/template_tags.py does. Money comes in dollars.

import { figures } from "./shared.js";

const { units, leastChange, barCells } = figures;
const THOUSANDS = /\B(?=(?:\d{3})+(?!\d))/g;

// By hand: to make an Intl.NumberFormat takes a browser longer than all else that a page does at its start.
const written = (number, digits) => {
  const text = number.toFixed(digits);
  return Math.abs(number) < 999 ? text : text.replace(THOUSANDS, ",");
};
const hundredths = (number) => written(number, 2);

export const price = (dollars) => (dollars === null ? "–" : hundredths(dollars));

export const grouped = (number) => written(number, 0);

export const compactDollars = (dollars) => `${sign(dollars)}$${compact(Math.abs(dollars))}`;

// Every dollar, up to a billion of them: more has no room.
export const wholeDollars = (dollars) =>
  Math.abs(dollars) >= 1e9
    ? compactDollars(dollars)
    : `${sign(dollars)}$${grouped(Math.floor(Math.abs(dollars)))}`;

export const signedPercent = (value) =>
  `${value <= -leastChange ? "-" : "+"}${hundredths(rounded(100 * Math.abs(value)) / 100)}%`;

// A rate, which comes as a fraction; a tape may be older than its rates.
export const percent = (rate) => (rate === undefined ? "–" : `${hundredths(100 * rate)}%`);

// A role as short as a column has room for: hedge_fund_manager, fund manager.
export const shortRole = (role) => role.split("_").slice(role.includes("_") ? 1 : 0).join(" ");

// A change that is written as zero is none.
export const direction = (number) => (number >= leastChange ? "up" : number <= -leastChange ? "down" : "flat");

export const arrow = (number) => (number > 0 ? "▲" : number < 0 ? "▼" : "·");

export function compact(number) {
  if (rounded(number) < 1000) return grouped(rounded(number));
  const scaled = ([size]) => rounded((100 * number) / size);
  const unit = units.find((unit) => scaled(unit) < 100_000) ?? units.at(-1);
  return hundredths(scaled(unit) / 100) + unit[1];
}

export function clock(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = [minutes, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return hours ? `${hours}:${rest}` : rest;
}

// The trading day in cells of text: what is over, what is left of the session, the night.
export function dayBar(tickInDay, openTicks, dayTicks) {
  const over = Math.floor((barCells * tickInDay) / dayTicks);
  const session = Math.floor((barCells * openTicks) / dayTicks);
  return "█".repeat(over) + "░".repeat(Math.max(0, session - over)) + "·".repeat(barCells - Math.max(over, session));
}

// Halves are rounded up, by the same steps here and there.
function rounded(number) {
  return Math.floor(number + 0.5);
}

function sign(number) {
  return number < 0 ? "-" : "";
}

// What a crime is called: "wash_trading" is "wash trading".
export function crimeWords(crime) {
  return crime.replaceAll("_", " ");
}
