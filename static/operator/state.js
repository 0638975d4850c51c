// Keeps "How things stand" up to date; the page is right as it was loaded without it.
const state = document.getElementById("state");

async function renew() {
  try {
    const answer = await fetch(state.dataset.source, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) state.innerHTML = await answer.text();
  } catch {
    // Offline, or restarting: what is shown stays, and is asked for again.
  }
  setTimeout(renew, 2000);
}

setTimeout(renew, 2000);
