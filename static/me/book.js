// Marks in the book the levels at which the agent's own orders rest.

export function mountBook(ladder) {
  const list = document.getElementById("open-orders");

  const mark = () => {
    const own = { bid: new Set(), ask: new Set() };
    for (const { dataset } of list.querySelectorAll("tr[data-order]")) {
      if (dataset.price !== "–" && dataset.tick) own[dataset.side === "BUY" ? "bid" : "ask"].add(dataset.price);
    }
    for (const [side, prices] of Object.entries(own)) {
      for (const cell of ladder.querySelectorAll(`.${side}`)) {
        cell.classList.toggle("own", prices.has(cell.textContent));
      }
    }
  };

  ladder.addEventListener("drawn", mark);
  list.addEventListener("taken", mark);
  mark();
}
