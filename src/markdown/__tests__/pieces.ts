/** Ways to cut a text into what arrives. */

/** Pieces of `size` code points. */
export function pieces(text: string, size: number): string[] {
  const points = Array.from(text);
  const result: string[] = [];
  for (let start = 0; start < points.length; start += size) {
    result.push(points.slice(start, start + size).join(''));
  }
  return result;
}

/** A generator of numbers in [0, 1) that is the same for each seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Pieces of 1 to `longest` code points. */
export function randomPieces(text: string, seed: number, longest = 20): string[] {
  const next = random(seed);
  const points = Array.from(text);
  const result: string[] = [];
  for (let start = 0; start < points.length;) {
    const end = start + 1 + Math.floor(next() * longest);
    result.push(points.slice(start, end).join(''));
    start = end;
  }
  return result;
}
