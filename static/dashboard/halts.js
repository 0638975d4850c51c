// What keeps companies from trading as usual.

import { said } from "./shared.js";

export function stateOf(quote) {
  if (quote.halted) return said("halted");
  return quote.shortRestricted ? said("shortsRestricted") : quote.bandsOrdered ? said("bandsSet") : "";
}

export function noteOf(quote) {
  const notes = [
    quote.halted && said("haltedNote", { end: endOf(quote), reason: reasonOf(quote) }),
    quote.shortRestricted && said("shortsRestrictedNote"),
    quote.bandsOrdered && said("bandsSetNote"),
  ];
  return notes.filter(Boolean).join(". ");
}

export const endOf = (quote) => (quote.reopensTick === null ? said("untilResumed") : said("untilTick", { tick: quote.reopensTick }));

export const reasonOf = (quote) => (quote.haltReason ?? "").replaceAll("_", "-");

// Return the company that trades again first when none trades, else null. Of several, the first by name.
export function firstOfAll(prices) {
  if (!prices.every((quote) => quote.halted)) return null;
  const end = (quote) => quote.reopensTick ?? Number.MAX_SAFE_INTEGER;
  const bySymbol = [...prices].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return bySymbol.sort((a, b) => end(a) - end(b))[0] ?? null;
}
