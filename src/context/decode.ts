/**
 * Bytes of a file as text, by their encoding; binary files are told apart. Pure.
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
/** What is tried in turn; the last reads any bytes. */
const ENCODINGS = ['utf-8', 'shift_jis', 'euc-kr', 'gb18030', 'windows-1252'] as const;
const IDEOGRAPHS = /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/g;
/**
 * Characters that a text in an encoding has most of, their least share in what is not ASCII, and their least number:
 * a few Chinese characters can be read as Korean.
 */
const USUAL: Readonly<
  Record<string, { characters: RegExp; share: number; least?: number } | undefined>
> = {
  shift_jis: { characters: /[\u3001-\u30ff]/g, share: 0.3 },
  'euc-kr': { characters: /[\uac00-\ud7af]/g, share: 0.95, least: 16 },
  gb18030: { characters: IDEOGRAPHS, share: 0.8 }
};
// eslint-disable-next-line no-control-regex
const ASCII = /[\u0000-\u007f]/g;

/** The text of a file; null: it is binary. */
export function decoded(bytes: Uint8Array): IDecoded | null {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0];
  const encoding = marked ?? ENCODINGS.find(each => isText(bytes, each));
  const text = encoding && strictly(bytes, encoding);
  if (!encoding || text === undefined || CONTROLS.test(text)) {
    return null;
  }
  return { text, encoding: encoding === 'utf-8' ? null : encoding };
}

function isText(bytes: Uint8Array, encoding: string): boolean {
  const text = strictly(bytes, encoding);
  const usual = USUAL[encoding];
  if (text === undefined || usual === undefined) {
    return text !== undefined;
  }
  // Other texts can be read so as well: as characters that are rare in the language.
  const others = text.replace(ASCII, '');
  const found = others.match(usual.characters)?.length ?? 0;
  return found >= (usual.least ?? 1) && found > others.length * usual.share;
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
