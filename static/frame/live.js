// Keeps a page as the server would make it now. Every element marked data-live="N" (and an id) is taken over, N seconds
// at the earliest after the last time, from the page asked for again; what a reader has typed or opened stays.

const FIRST_WAIT = 1_000; // milliseconds, before trying to connect again
const LONGEST_WAIT = 15_000;

const taken = new Map(); // id → when its part was last taken over
const connection = document.getElementById("connection");
let isAsking = false;
let failures = 0;
let socket = null;
let timer;

function say(state, words) {
  connection.dataset.state = state;
  connection.lastElementChild.textContent = words;
}

function due() {
  const now = performance.now();
  return [...document.querySelectorAll("[data-live]")].filter(
    ({ id, dataset }) => now - (taken.get(id) ?? 0) >= Number(dataset.live) * 1000 - 200,
  );
}

async function refresh() {
  const parts = due();
  if (isAsking || document.hidden || !parts.length) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
      taken.set(part.id, performance.now());
    }
  } catch {
    // The next tick tries again.
  } finally {
    isAsking = false;
  }
}

function lost() {
  failures += 1;
  const isOffline = failures > 4 || !navigator.onLine;
  say(isOffline ? "error" : "reconnecting", isOffline ? "OFFLINE" : "RECONNECTING");
  timer = setTimeout(open, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1)));
}

function open() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = (socket = new WebSocket(`${scheme}://${location.host}/ws`));
  socket.onmessage = ({ data }) => {
    if (mine !== socket) return;
    const { type, epoch } = JSON.parse(data);
    if (type === "connected") {
      if (String(epoch) !== document.body.dataset.epoch) location.reload(); // this is another world
      failures = 0;
      say("connected", "LIVE");
    }
    if (type === "connected" || type === "tick:update") refresh();
  };
  socket.onclose = () => {
    if (mine !== socket) return;
    socket = null;
    lost();
  };
}

// Without a network a socket may take minutes to close.
function abandon() {
  const silent = socket;
  if (!silent) return;
  socket = null;
  silent.close();
  lost();
}

function retry() {
  if (socket) return;
  clearTimeout(timer);
  open();
}

open();
addEventListener("offline", abandon);
addEventListener("online", retry);
document.addEventListener("visibilitychange", refresh);
