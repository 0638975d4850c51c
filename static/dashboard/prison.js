// Agents in prison, the next release first.

import { crimeWords, grouped } from "./format.js";
import { atNextFrame, fill, fillList, link, agentAddress } from "./dom.js";
import { limits } from "./shared.js";

export function mountPrison(panel, feed) {
  const list = panel.querySelector("ol");
  let inmates = [...list.children].map((row) => read(row));

  const draw = atNextFrame(() => fillList(panel, list, inmates.slice(0, limits.inmates), write));

  feed.on("sec:update", (updates) => {
    for (const { agentName: name, crimeType, status, releaseTick: until } of updates) {
      const isIn = status === "convicted" && until !== null;
      if (!isIn && status !== "overturned") continue;
      inmates = inmates.filter((one) => one.name !== name);
      if (isIn) inmates.push({ name, crime: crimeWords(crimeType), until, left: "" });
    }
    inmates.sort((one, other) => one.until - other.until);
    draw();
  });

  feed.on("tick:update", ({ tick }) => {
    if (!inmates.length) return;
    inmates = inmates.filter((one) => one.until > tick).map((one) => ({ ...one, left: grouped(one.until - tick) }));
    draw();
  });
}

function read(row) {
  const text = (name) => row.querySelector(`[data-field="${name}"]`).textContent;
  return { name: text("name"), crime: text("crime"), until: Number(text("until")), left: text("left") };
}

function write(row, one) {
  link(row, agentAddress(one.name));
  fill(row, one);
}
