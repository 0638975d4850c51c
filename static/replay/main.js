// The bar of a replay. It can be used at once; what plays and seeks comes after, and does then what has been asked.

import { imported, whenUsable } from "../frame/later.js";

const bar = document.getElementById("replay");
const act = (name) => bar.querySelector(`[data-act="${name}"]`);
const player = whenUsable().then(() => imported(() => import("./player.js")));

bar.querySelector(".controls").hidden = false;
act("play").addEventListener("click", () => player.then(({ toggle }) => toggle()));
act("scrub").addEventListener("input", ({ target }) => player.then(({ seek }) => seek(Number(target.value))));
bar.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (!step || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  player.then(({ go }) => go(Number(step)));
});
