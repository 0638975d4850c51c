// Events, halts and news, the newest first. Rows stay where they are and are written anew: nothing moves but the words.

import { atNextFrame, fill, fillList, link, mark } from "./dom.js";
import { figures, limits } from "./shared.js";

export function mountNews(panel, feed) {
  const list = panel.querySelector("ol");
  let lines = [...list.children].map(read);

  const draw = atNextFrame(() => fillList(panel, list, lines, write));

  feed.on("news:breaking", (articles) => {
    lines = [...articles.map(lineOf).reverse(), ...lines].slice(0, limits.articles);
    draw();
  });
}

function lineOf({ id, tick, category, headline, sentiment }) {
  return { address: `/news/${id}`, mood: moodOf(sentiment), texts: { tick, category, headline } };
}

function moodOf(sentiment) {
  return Math.abs(sentiment) < figures.leastMood ? "neutral" : sentiment > 0 ? "good" : "bad";
}

function read(row) {
  const text = (name) => row.querySelector(`[data-field="${name}"]`).textContent;
  const texts = { tick: text("tick"), category: text("category"), headline: text("headline") };
  return { address: row.querySelector("a").getAttribute("href"), mood: row.dataset.mood, texts };
}

function write(row, { address, mood, texts }) {
  mark(row, "mood", mood);
  mark(row, "category", texts.category);
  link(row, address);
  row.querySelector("a").title = texts.headline;
  fill(row, texts);
}
