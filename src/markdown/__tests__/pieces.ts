/** Ways to cut a text into what arrives. */
import { random } from '../../__tests__/support/random';

/** Pieces of `size` code points. */
export function pieces(text: string, size: number): string[] {
  const points = Array.from(text);
  const result: string[] = [];
  for (let start = 0; start < points.length; start += size) {
    result.push(points.slice(start, start + size).join(''));
  }
  return result;
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
