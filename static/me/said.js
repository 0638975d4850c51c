// What became of what the agent asked for, and what it is told: the newest first, read out politely. Text stays text.

const KEPT = 5;
const list = document.getElementById("said");

export function say(text, level = "info") {
  const line = document.createElement("li");
  line.dataset.level = level;
  line.textContent = text;
  list.prepend(line);
  while (list.children.length > KEPT) list.lastElementChild.remove();
}
