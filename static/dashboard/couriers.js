// Whether webhooks are delivered in time: asked now and then, for the feed does not tell of it.

import { fill } from "./dom.js";

const ASK_MILLISECONDS = 5000;

export function mountCouriers(line) {
  setInterval(async () => {
    const { webhooksBehindSeconds: behind = 0 } = await ready();
    line.hidden = !behind;
    if (behind) fill(line, { behind });
  }, ASK_MILLISECONDS);
}

async function ready() {
  try {
    return await (await fetch("/ready")).json();
  } catch {
    return {}; // the feed says that nothing is in reach
  }
}
