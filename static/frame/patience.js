// How long to wait before something that failed is tried again: longer each time, and never quite the same.

const FIRST_WAIT = 500; // milliseconds
const LONGEST_WAIT = 15_000;

export function waitAfter(failures) {
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return wait * (0.5 + Math.random() / 2);
}
