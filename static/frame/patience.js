// What could not be fetched is tried again: after a wait that is longer each time, and never quite the same, and at once
// when the network is back.

const FIRST_WAIT = 500; // milliseconds
const LONGEST_WAIT = 15_000;

export function waitAfter(failures) {
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return wait * (0.5 + Math.random() / 2);
}

// The network failed, or the server could not answer.
export class NotFetched extends Error {}

// Return what `attempt` gives, as soon as it throws no NotFetched; `failed` is called whenever it does.
export async function untilFetched(attempt, failed = () => {}) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotFetched)) throw error;
      failed();
      await waitOrOnline(waitAfter(failures));
    }
  }
}

// Return the server's whole answer; raise NotFetched when there is none, or it is that the server cannot give one now.
export async function ask(address) {
  try {
    const answer = await fetch(address);
    if (answer.status < 500) return new Response(await answer.arrayBuffer(), answer);
  } catch {
    // As when the server cannot answer.
  }
  throw new NotFetched(`no answer from ${address}`);
}

function waitOrOnline(milliseconds) {
  return new Promise((go) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      go();
    };
    const timer = setTimeout(over, milliseconds);
    addEventListener("online", over);
  });
}
