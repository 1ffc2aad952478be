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
const IDEOGRAPHS = /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/g;
// eslint-disable-next-line no-control-regex
const ASCII = /[\u0000-\u007f]/g;

/** The text of a file; null: it is binary. */
export function decoded(bytes: Uint8Array): IDecoded | null {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0];
  const encoding = marked ?? ['utf-8', 'gb18030', 'windows-1252'].find(each => isText(bytes, each));
  const text = encoding && strictly(bytes, encoding);
  if (!encoding || text === undefined || CONTROLS.test(text)) {
    return null;
  }
  return { text, encoding: encoding === 'utf-8' ? null : encoding };
}

function isText(bytes: Uint8Array, encoding: string): boolean {
  const text = strictly(bytes, encoding);
  if (text === undefined || encoding !== 'gb18030') {
    return text !== undefined;
  }
  // Western texts can be read as Chinese as well: as rare characters among Latin letters.
  const others = text.replace(ASCII, '');
  return (others.match(IDEOGRAPHS)?.length ?? 0) > others.length * 0.8;
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
