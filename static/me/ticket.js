// The order ticket: only the fields that an order of its type has, what it would cost while it is filled in, and the
// order sent without leaving the page.

import { grouped, price } from "../dashboard/format.js";
import { fill } from "../dashboard/dom.js";
import { post, resultOf } from "./post.js";
import { say } from "./said.js";

const PREVIEW_AFTER = 600; // milliseconds without another change

export function mountTicket(form, orders) {
  const preview = document.getElementById("preview");
  const template = document.getElementById("preview-template");
  let timer;
  let asked = 0; // previews, of which only the last one's answer counts
  let isPlacing = false;

  // A preview in the address is not to be asked for again with every tick.
  const address = new URL(location.href);
  if (address.searchParams.has("preview")) {
    address.searchParams.delete("preview");
    history.replaceState(null, "", address);
  }

  const showFields = () => {
    for (const part of form.querySelectorAll("[data-kinds]")) {
      const isAsked = part.dataset.kinds.split(" ").includes(form.elements.orderType.value);
      part.hidden = !isAsked;
      for (const field of part.querySelectorAll("input")) field.disabled = !isAsked;
    }
  };

  const showFaults = (details = {}) => {
    for (const fault of form.querySelectorAll("[data-fault]")) {
      const text = details[fault.dataset.fault] ?? "";
      fault.textContent = text;
      fault.hidden = !text;
      const field = form.elements[fault.dataset.fault];
      if (!(field instanceof Element)) continue;
      if (text) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    form.querySelector("[aria-invalid]")?.focus();
  };

  const showPreview = ({ success, message, data }) => {
    if (!preview.children.length) preview.append(template.content.cloneNode(true));
    const [said, figures] = [preview.querySelector("[data-field=message]"), preview.querySelector("dl")];
    said.className = success ? "summary" : "warning";
    figures.hidden = !success;
    fill(preview, { message });
    if (!success) return;
    fill(preview, {
      fee: price(data.fee),
      before: price(data.marginAvailableBefore),
      after: price(data.marginAvailableAfter),
      liquidation: price(data.liquidationPrice),
    });
  };

  const ask = async (isAskedFor) => {
    clearTimeout(timer);
    const number = ++asked;
    const fields = new FormData(form);
    fields.set("preview", "1");
    const result = resultOf(await post(form.action, fields));
    if (number !== asked) return;
    if (isAskedFor || !result.details) showPreview(result);
    if (isAskedFor) showFaults(result.details);
  };

  const place = async () => {
    if (isPlacing) return; // who clicks twice means one order
    isPlacing = true;
    clearTimeout(timer);
    asked += 1;
    const fields = new FormData(form);
    const { side, symbol, orderType, quantity } = Object.fromEntries(fields);
    const limit = fields.get("price") ?? fields.get("stopPrice");
    const at = limit === null ? "market" : price(Number(limit));
    const shares = grouped(Number(quantity));
    const row = orders.add(`${side} ${shares} ${symbol} ${orderType.replace("_", " ")}`, at, shares);
    const told = await post(form.action, fields);
    isPlacing = false;
    // Sent again without an answer, it is the same order.
    if (!told.isUnknown) form.elements.once.value = crypto.randomUUID?.() ?? String(Math.random());
    const result = resultOf(told);
    showFaults(result.details);
    if (!result.success) {
      orders.reject(row, result.message);
      return;
    }
    orders.taken(row, result.data.orderId);
    preview.replaceChildren();
    say(`Pending: ${side} ${shares} ${symbol} waits for the tick.`);
  };

  form.addEventListener("change", showFields);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    asked += 1;
    if (form.checkValidity()) timer = setTimeout(ask, PREVIEW_AFTER);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "preview") ask(true);
    else place();
  });
  showFields();
  if (form.elements.quantity.value && form.checkValidity() && !preview.children.length) ask();
}
