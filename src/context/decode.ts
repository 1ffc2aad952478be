/**
 * Bytes of a file as text, by their encoding; binary files are told apart. Pure.
 *
 * What is valid UTF-8 is UTF-8. Other encodings are told apart by the bytes that are usual in their languages: almost
 * any bytes are valid in several of them.
 */

export interface IDecoded {
  readonly text: string;
  /** The encoding, where it is not UTF-8. */
  readonly encoding: string | null;
}

const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]]
];
/** Control characters that texts do not have: all but tab, line breaks, form feed and escape. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/;
/** Bytes that are looked at to tell UTF-16 without a mark. */
const BEGINNING = 4000;
// eslint-disable-next-line no-control-regex
const ASCII = /[\u0000-\u007f]/g;
const KANA = /[\u3001-\u30ff]/g;
/** Words: of the bytes of other languages, hardly three letters stand together. */
const CYRILLIC = /[а-яёА-ЯЁ][а-яё]{2,}/g;

/** Encodings that are tried in turn, and whether the bytes are usual for them; the last reads any bytes. */
const ENCODINGS: readonly (readonly [
  string,
  ((text: string, bytes: Uint8Array) => boolean) | null
])[] = [
  ['utf-8', null],
  ['shift_jis', text => shareOf(text, KANA) > 0.3],
  ['euc-jp', text => shareOf(text, KANA) > 0.3],
  ['big5', (_, bytes) => isBig5(pairsIn(bytes))],
  // A few Chinese characters can be read as Korean.
  ['euc-kr', text => shareOf(text, /[\uac00-\ud7af]/g, 16) > 0.95],
  ['windows-1251', text => shareOf(text, CYRILLIC) > 0.7],
  ['koi8-r', text => shareOf(text, CYRILLIC) > 0.7],
  ['gb18030', (_, bytes) => isChinese(pairsIn(bytes))],
  ['windows-1252', null]
];

/** Whether a text has characters that no text has: its file is binary, or in another encoding. */
export function hasControls(text: string): boolean {
  return CONTROLS.test(text);
}

/** The text of a file; null: it is binary. */
export function decoded(bytes: Uint8Array): IDecoded | null {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0];
  for (const [encoding, isUsual] of candidates(marked ?? unmarkedUtf16(bytes))) {
    const text = strictly(bytes, encoding);
    if (text !== undefined && (isUsual === null || isUsual(text, bytes))) {
      return hasControls(text) ? null : { text, encoding: encoding === 'utf-8' ? null : encoding };
    }
  }
  return null;
}

function candidates(known: string | null): typeof ENCODINGS {
  return known ? [[known, null]] : ENCODINGS;
}

/** UTF-16 that has no mark, of a text that is ASCII for the most part: every other byte is zero. */
function unmarkedUtf16(bytes: Uint8Array): string | null {
  const some = bytes.subarray(0, BEGINNING);
  const zeros = [0, 0];
  some.forEach((byte, at) => (zeros[at % 2] += byte === 0 ? 1 : 0));
  const [even, odd] = zeros.map(count => count / Math.ceil(some.length / 2));
  if (some.length < 4 || bytes.length % 2 !== 0 || Math.min(even, odd) > 0.02) {
    return null;
  }
  return odd > 0.6 ? 'utf-16le' : even > 0.6 ? 'utf-16be' : null;
}

/** The share of characters in what is not ASCII; 0 where there are fewer than `least` of them. */
function shareOf(text: string, characters: RegExp, least = 1): number {
  const others = text.replace(ASCII, '').length;
  const found = (text.match(characters) ?? []).join('').length;
  return found >= least ? found / others : 0;
}

/** Two bytes of one character. */
interface IPair {
  readonly lead: number;
  readonly trail: number;
  /** It follows another pair. */
  readonly isNext: boolean;
}

function pairsIn(bytes: Uint8Array): readonly IPair[] {
  const pairs: IPair[] = [];
  let end = -1;
  for (let at = 0; at + 1 < bytes.length; at++) {
    if (bytes[at] >= 0x80) {
      pairs.push({ lead: bytes[at], trail: bytes[at + 1], isNext: end === at });
      end = at + 2;
      at++;
    }
  }
  return pairs;
}

/** Frequent characters of GB 2312, and its punctuation; `°C` of Latin-1 is another pair. */
function isChinese(pairs: readonly IPair[]): boolean {
  return portionOf(pairs, ({ lead, trail }) => isFrequent(lead, 0xb0, 0xd7) && trail > 0xa0) > 0.5;
}

/** Frequent characters of Big5, which stand together, and of which some have an ASCII letter for their second byte. */
function isBig5(pairs: readonly IPair[]): boolean {
  return (
    portionOf(pairs, ({ lead }) => isFrequent(lead, 0xa4, 0xc6)) > 0.8 &&
    portionOf(pairs, ({ trail }) => trail < 0x7f) > 0.1 &&
    portionOf(pairs, ({ isNext }) => isNext) > 0.3
  );
}

function isFrequent(lead: number, first: number, last: number): boolean {
  return (lead >= 0xa1 && lead <= 0xa3) || (lead >= first && lead <= last);
}

function portionOf(pairs: readonly IPair[], is: (pair: IPair) => boolean): number {
  return pairs.filter(is).length / Math.max(pairs.length, 1);
}

function strictly(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(window.atob(base64), character => character.charCodeAt(0));
}
