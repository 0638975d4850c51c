// Agents on trial, the latest charge first.

import { crimeWords } from "./format.js";
import { atNextFrame, fill, fillList, link, agentAddress } from "./dom.js";
import { limits } from "./shared.js";

export function mountWanted(panel, feed) {
  const list = panel.querySelector("ol");
  let wanted = [...list.children].map((row) => read(row));

  const draw = atNextFrame(() => fillList(panel, list, wanted, write));

  feed.on("sec:update", (updates) => {
    for (const update of updates) {
      const { agentName: name, crimeType } = update;
      const crime = crimeWords(crimeType);
      wanted = wanted.filter((one) => one.name !== name || one.crime !== crime);
      if (update.status === "charged") wanted.unshift({ tick: update.tick, name, crime });
    }
    wanted.length = Math.min(wanted.length, limits.wanted);
    draw();
  });
}

function read(row) {
  const text = (name) => row.querySelector(`[data-field="${name}"]`).textContent;
  return { tick: text("tick"), name: text("name"), crime: text("crime") };
}

function write(row, one) {
  link(row, agentAddress(one.name));
  fill(row, one);
}
