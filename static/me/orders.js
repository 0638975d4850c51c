// Open orders. One that is sent stands in the list at once, and as pending when the exchange has taken it; from then on
// the list that the server makes has it. One that is refused, now or by the tick, is struck out and then goes.

import { grouped, price } from "../dashboard/format.js";
import { post, resultOf } from "./post.js";
import { say } from "./said.js";

const SHOWN_REFUSED = 5_000; // milliseconds
const ENDINGS = { "order:filled": "filled", "order:cancelled": "cancelled", "order:rejected": "rejected" };

export function mountOrders(feed) {
  const part = document.getElementById("open-orders");
  const template = document.getElementById("order-template");
  const flying = new Map(); // row → its order's id, of those that the server's list may not have yet
  const cancelling = new Set(); // ids

  const body = () => part.querySelector("tbody");
  const rowOf = (id) =>
    [...body().querySelectorAll("tr")].find((row) => row.dataset.order === id) ??
    [...flying].find(([, known]) => known === id)?.[0];
  const setState = (row, state, words = state) => {
    row.dataset.status = state;
    row.querySelector(".order-state").textContent = words;
  };
  const setNone = () => {
    const none = body().querySelector(".none");
    if (none) none.hidden = flying.size > 0;
  };
  const drop = (row) => {
    flying.delete(row);
    row.remove();
    setNone();
  };

  // The server's list has come: what it does not have yet, or no more, is put to it again.
  part.addEventListener("taken", () => {
    for (const [row, id] of flying) {
      const listed = id && [...body().querySelectorAll("tr")].some(({ dataset }) => dataset.order === id);
      if (listed && row.dataset.status !== "rejected") flying.delete(row);
      else body().prepend(row);
    }
    for (const id of cancelling) {
      const row = rowOf(id);
      if (row) setState(row, "cancelling");
      else cancelling.delete(id);
    }
    setNone();
  });

  const reject = (row, why) => {
    setState(row, "rejected", "rejected");
    flying.set(row, row.dataset.order ?? "");
    say(`Rejected: ${row.dataset.words ?? row.cells[0].textContent}: ${why}`, "error");
    setTimeout(() => drop(row), SHOWN_REFUSED);
  };

  const ended = (type, order) => {
    const state = ENDINGS[type];
    const row = rowOf(order.orderId);
    const words = `${order.intent} ${grouped(order.quantity)} ${order.symbol}`;
    const why = order.note || (order.reasonCode ?? "").toLowerCase().replaceAll("_", " ");
    if (row && state === "rejected") reject(row, why);
    else if (state === "rejected") say(`Rejected: ${words}: ${why}`, "error");
    else if (state === "filled") say(`Filled: ${words} at ${price(order.avgPrice)}`, "success");
    else say(`Cancelled: ${words}${why ? `: ${why}` : ""}`);
    if (!row || state === "rejected") return;
    setState(row, state);
    cancelling.delete(order.orderId);
    if (flying.has(row)) drop(row);
  };

  for (const type of Object.keys(ENDINGS)) feed.on(type, (orders) => orders.forEach((order) => ended(type, order)));

  feed.on("order:partial", (orders) => {
    for (const { orderId, intent, symbol, filledQuantity, price: at } of orders) {
      const row = rowOf(orderId);
      if (row) setState(row, "partial");
      say(`Partly filled: ${intent} ${symbol}, ${grouped(filledQuantity)} so far, at ${price(at)}`, "success");
    }
  });

  feed.on("order:accepted", (orders) => {
    for (const { orderId, status } of orders) {
      const row = rowOf(orderId);
      if (row && !cancelling.has(orderId)) setState(row, status, status === "pending" ? "waiting" : status);
    }
  });

  // What the tick refuses, of what is no new order: that is told as rejected.
  feed.on("action:result", (results) => {
    for (const { action, success, message, data } of results) {
      if (success || data?.orderId) continue;
      say(`${action.replaceAll("_", " ")}: ${message}`, "error");
    }
  });

  document.getElementById("cancel").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { form, value: id } = event.submitter;
    const row = rowOf(id);
    const [status, words] = [row.dataset.status, row.querySelector(".order-state").textContent];
    cancelling.add(id);
    setState(row, "cancelling");
    const result = resultOf(await post(form.action, new FormData(form, event.submitter)));
    if (result.success) return;
    cancelling.delete(id);
    const now = rowOf(id);
    if (now) setState(now, status, words);
    say(`Not cancelled: ${result.message}`, "error");
  });

  return {
    // Show an order as sent. `words` say what it is.
    add(words, at, quantity) {
      const row = template.content.firstElementChild.cloneNode(true);
      row.cells[0].textContent = words;
      row.cells[1].textContent = at;
      row.cells[2].textContent = `0 of ${quantity}`;
      row.dataset.words = words;
      flying.set(row, "");
      body().prepend(row);
      setNone();
      return row;
    },
    // The exchange has taken it: it is pending until the tick.
    taken(row, id) {
      row.dataset.order = id;
      if (rowOf(id) !== row || row.dataset.status !== "sending") return;
      flying.set(row, id);
      setState(row, "pending");
    },
    reject,
  };
}
