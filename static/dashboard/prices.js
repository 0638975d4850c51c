// Every company's price, kept whole: the feed tells of those alone that changed.

export class Prices {
  constructor() {
    this.bySymbol = new Map();
  }

  get all() {
    return [...this.bySymbol.values()];
  }

  // Take in how all stand.
  begin({ prices }) {
    this.bySymbol = new Map(prices.map((quote) => [quote.symbol, quote]));
  }

  // Return what a frame tells, with all companies. One that it leaves out has not changed: so its change is none.
  whole({ partial, data: update }) {
    const { tick } = update;
    if (!partial) this.begin(update);
    for (const [symbol, quote] of this.bySymbol) {
      this.bySymbol.set(symbol, { ...quote, previousPrice: quote.price, change: 0, changePercent: 0, tick });
    }
    for (const quote of update.prices) this.bySymbol.set(quote.symbol, quote);
    return { ...update, prices: this.all };
  }
}
