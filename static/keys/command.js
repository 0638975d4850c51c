// The command line. The server completes what is typed and knows where it leads: the line is a form like any other.

const WAIT = 60; // milliseconds, after a key

export function mountCommand(dialog) {
  const input = dialog.querySelector('[name="q"]');
  const list = dialog.querySelector('[role="listbox"]');
  let timer;
  let asked = 0; // the newest request
  let chosen = -1;

  function open() {
    input.value = "";
    show([]);
    dialog.showModal();
    input.focus();
    complete();
  }

  function show(lines) {
    list.replaceChildren(...lines.map(optionOf));
    list.hidden = !lines.length;
    input.setAttribute("aria-expanded", String(lines.length > 0));
    choose(-1);
  }

  function choose(place) {
    chosen = place;
    [...list.children].forEach((option, other) => option.setAttribute("aria-selected", String(other === place)));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[place].id);
  }

  function take(place) {
    if (!list.children[place]) return;
    input.value = list.children[place].textContent;
  }

  async function complete() {
    const number = (asked += 1);
    const lines = await completionsOf(input.value);
    if (number === asked) show(lines);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(complete, WAIT);
  });

  input.addEventListener("keydown", (event) => {
    const { key } = event;
    const count = list.children.length;
    if (event.isComposing || !count) return;
    if (key === "ArrowDown") choose((chosen + 1) % count);
    else if (key === "ArrowUp") choose(chosen > 0 ? chosen - 1 : count - 1);
    else if (key === "Tab" && !event.shiftKey && input.value.trim()) {
      take(Math.max(0, chosen));
      input.value += " ";
      complete();
    } else return;
    event.preventDefault();
  });

  dialog.querySelector("form").addEventListener("submit", () => {
    if (chosen >= 0) take(chosen);
    dialog.close();
  });

  list.addEventListener("click", ({ target }) => {
    const option = target.closest('[role="option"]');
    if (!option) return;
    input.value = option.textContent;
    input.form.requestSubmit();
  });

  return { open };
}

function optionOf(line, place) {
  const option = document.createElement("li");
  option.id = `command-line-${place}`;
  option.setAttribute("role", "option");
  option.textContent = line;
  return option;
}

async function completionsOf(line) {
  try {
    const answer = await fetch(`/go/completions?q=${encodeURIComponent(line)}`);
    return answer.ok ? (await answer.json()).lines : [];
  } catch {
    return []; // a line can be sent as it is
  }
}
