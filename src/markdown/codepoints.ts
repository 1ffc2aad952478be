/**
 * Lengths in code points, as the wire counts them; strings here count UTF-16 units.
 */

const SURROGATE_PAIR = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** Number of code points in `text`. */
export function codePoints(text: string): number {
  return text.length - (text.match(SURROGATE_PAIR)?.length ?? 0);
}

/** The first `count` code points of `text`. */
export function takeCodePoints(text: string, count: number): string {
  let end = Math.max(0, count);
  if (end >= text.length) {
    return text;
  }
  for (const { index } of text.matchAll(SURROGATE_PAIR)) {
    if (index >= end) {
      break;
    }
    end += 1;
  }
  return text.slice(0, end);
}
