// What operators have to say, on every page: as the server has written it, then as the feed tells; with a countdown to
// when what it tells of happens.

const shown = document.getElementById("notice");

function part(field) {
  return shown.querySelector(`[data-field=${field}]`) ?? shown.appendChild(make(field));
}

function make(field) {
  const element = document.createElement(field === "text" ? "span" : "b");
  element.dataset.field = field;
  return element;
}

function tell({ text, endsAt }) {
  shown.hidden = !text;
  shown.dataset.ends = endsAt ?? "";
  part("text").textContent = `${text} `;
  count();
}

function count() {
  const ends = Date.parse(shown.dataset.ends);
  if (Number.isNaN(ends)) {
    shown.querySelector("[data-field=countdown]")?.remove();
    return;
  }
  const seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (number) => String(number).padStart(2, "0");
  part("countdown").textContent = seconds ? `in ${hours ? `${hours}:` : ""}${two(minutes)}:${two(seconds % 60)}` : "now";
}

if (shown) {
  document.addEventListener("notice", ({ detail }) => tell(detail));
  count();
  setInterval(count, 1000);
}
