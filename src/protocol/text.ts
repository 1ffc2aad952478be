/**
 * Text as the wire counts it: lengths and offsets in Unicode code points, digests of its UTF-8.
 *
 * Owns counting, slicing and the incremental digest. A JavaScript string counts UTF-16 code units, so
 * that nothing here may use `length` of a string as a length of text.
 */
import type { Digest } from './generated';

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Whether a surrogate pair starts at a code unit. */
function isPair(text: string, index: number): boolean {
  return isHigh(text.charCodeAt(index)) && isLow(text.charCodeAt(index + 1));
}

/** Count the code points of a text; a lone surrogate counts as one. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if (isPair(text, i)) {
      count--;
      i++;
    }
  }
  return count;
}

/** The text with every lone surrogate replaced, as UTF-8 (and so the wire) has none. */
export function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** The part of a text from one code point up to another; its end by default. */
export function sliceCodePoints(text: string, start: number, end = Infinity): string {
  const from = unitIndex(text, 0, start);
  return end === Infinity ? text.slice(from) : text.slice(from, unitIndex(text, from, end - start));
}

/** The index of the code unit that lies `count` code points after the one at `index`. */
function unitIndex(text: string, index: number, count: number): number {
  for (; count > 0 && index < text.length; count--) {
    index += isPair(text, index) ? 2 : 1;
  }
  return index;
}

/**
 * A text that grows, with its length and check value.
 *
 * An append costs the length of what is appended. Each piece is well-formed Unicode (the server joins
 * surrogate pairs that a provider split), so that no code point spans two pieces.
 */
export class StreamText {
  constructor(text = '') {
    this.append(text);
  }

  /** Code points. */
  get length(): number {
    return this._length;
  }

  /** Length, and CRC-32 of the UTF-8, as the server keeps them. */
  get digest(): Digest {
    return { length: this._length, crc32: (this._crc ^ -1) >>> 0 };
  }

  append(text: string): void {
    this._text += text;
    for (let i = 0; i < text.length; i++) {
      const isWide = isPair(text, i);
      this._crc = crcOfCodePoint(this._crc, text.codePointAt(i) ?? 0);
      this._length++;
      i += isWide ? 1 : 0;
    }
  }

  toString(): string {
    return this._text;
  }

  private _text = '';
  private _length = 0;
  private _crc = -1;
}

/** CRC-32 of IEEE 802.3, one byte at a time: the remainder of each byte. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return remainder;
});

const crcOfByte = (crc: number, byte: number): number =>
  CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);

/** Extend a CRC by the UTF-8 of one code point; a lone surrogate counts as U+FFFD, as in `TextEncoder`. */
function crcOfCodePoint(crc: number, point: number): number {
  if (point < 0x80) {
    return crcOfByte(crc, point);
  }
  if (point < 0x800) {
    crc = crcOfByte(crc, 0xc0 | (point >> 6));
    return crcOfByte(crc, 0x80 | (point & 0x3f));
  }
  if (point < 0x10000) {
    const safe = isHigh(point) || isLow(point) ? 0xfffd : point;
    crc = crcOfByte(crc, 0xe0 | (safe >> 12));
    crc = crcOfByte(crc, 0x80 | ((safe >> 6) & 0x3f));
    return crcOfByte(crc, 0x80 | (safe & 0x3f));
  }
  crc = crcOfByte(crc, 0xf0 | (point >> 18));
  crc = crcOfByte(crc, 0x80 | ((point >> 12) & 0x3f));
  crc = crcOfByte(crc, 0x80 | ((point >> 6) & 0x3f));
  return crcOfByte(crc, 0x80 | (point & 0x3f));
}
