// The newest headlines, the newest first.

import { atNextFrame, fill, mark, rowOf } from "./dom.js";
import { limits } from "./shared.js";

const LEAST_MOOD = 0.05; // as template_tags.py has it

export function mountNews(panel, feed) {
  const list = panel.querySelector("ol");
  let fresh = [];

  const draw = atNextFrame(() => {
    for (const article of fresh) list.prepend(write(rowOf(panel), article));
    fresh = [];
    while (list.children.length > limits.articles) list.lastElementChild.remove();
  });

  feed.on("news:breaking", (articles) => {
    fresh = [...fresh, ...articles].slice(-limits.articles);
    draw();
  });
}

function moodOf(sentiment) {
  return Math.abs(sentiment) < LEAST_MOOD ? "neutral" : sentiment > 0 ? "good" : "bad";
}

function write(row, { id, tick, category, headline, sentiment }) {
  mark(row, "mood", moodOf(sentiment));
  mark(row, "category", category);
  fill(row, { tick, category, headline });
  row.querySelector("a").href = `/news/${id}`;
  return row;
}
