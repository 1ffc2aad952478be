/**
 * Control characters, shown as signs: an escape sequence or an override of the direction does nothing.
 */

// Tab and line feed are white space; everything else here is a command to a terminal or to the text's direction.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/g;

/** Characters that `math.ts` paints over formulas with; no character at all to Unicode. */
const RESERVED = /[\ufdd0-\ufdef]/g;

const PICTURES = 0x2400;
const DELETE = 0x7f;

/** Replace each control character by one sign; the length stays. */
export function showControls(text: string): string {
  return text.replace(CONTROL, sign).replace(RESERVED, '\ufffd');
}

function sign(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(PICTURES + code);
  }
  return code === DELETE ? '\u2421' : '\u2426';
}
