// What can be seen is written at once, what cannot a second later at the latest: of a hundred companies a screen shows few.

const LATEST = 1_000; // milliseconds
const AROUND = "100px"; // so far beyond the edge it counts as seen

// Return a function that has `write` called with these of `elements`, now or later, each with what holds then.
export function writeSeen(elements, write) {
  const seen = new Set(elements);
  const late = new Set();
  let timer = 0;

  const writeAll = (chosen) => {
    for (const element of chosen) {
      late.delete(element);
      write(element);
    }
  };

  const observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        if (isIntersecting) seen.add(target);
        else seen.delete(target);
      }
      writeAll([...late].filter((element) => seen.has(element)));
    },
    { rootMargin: AROUND },
  );
  for (const element of elements) observer.observe(element);

  return (chosen) => {
    for (const element of chosen) late.add(element);
    writeAll([...late].filter((element) => seen.has(element)));
    if (!late.size || timer) return;
    timer = setTimeout(() => {
      timer = 0;
      writeAll([...late]);
    }, LATEST);
  };
}
