/** Compares two texts as their bytes in UTF-8 compare: S3 lists keys so, and SQLite does. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for what comes after all other characters. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Where in a sorted list the first element is that is not before a text; its length if there is none. */
export function lowerBound<T>(list: readonly T[], text: string, textOf: (element: T) => string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(textOf(list[middle]!), text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
