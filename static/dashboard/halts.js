// What keeps companies from trading as usual, in the words of dashboard.py.

export function stateOf(quote) {
  if (quote.halted) return "HALT";
  return quote.shortRestricted ? "NO SHORTS" : quote.bandsOrdered ? "BANDS" : "";
}

export function noteOf(quote) {
  const notes = [
    quote.halted && `Halted ${endOf(quote)}: ${reasonOf(quote)}`,
    quote.shortRestricted && "Short sales are restricted",
    quote.bandsOrdered && "An operator has set the bands",
  ];
  return notes.filter(Boolean).join(". ");
}

export const endOf = (quote) => (quote.reopensTick === null ? "until resumed" : `until tick ${quote.reopensTick}`);

export const reasonOf = (quote) => (quote.haltReason ?? "").replaceAll("_", "-");

// Return the company that trades again first when none trades, else null. Of several, the first by name.
export function firstOfAll(prices) {
  if (!prices.every((quote) => quote.halted)) return null;
  const end = (quote) => quote.reopensTick ?? Number.MAX_SAFE_INTEGER;
  const bySymbol = [...prices].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return bySymbol.sort((a, b) => end(a) - end(b))[0] ?? null;
}
