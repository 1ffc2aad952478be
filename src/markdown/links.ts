/**
 * Addresses in a text, and link reference definitions across blocks.
 *
 * Blocks are rendered alone, but `[text][label]` may be defined in any other block. This module remembers
 * definitions and says which of them a block needs in front of its source.
 */

/** A definition: its normalised label and its source. */
export interface ILinkDefinition {
  readonly label: string;
  readonly source: string;
}

/** Where an address ends in CJK text: at its punctuation, and at a letter of it right behind a Latin one. */
const BEHIND_ADDRESS =
  /[\u2018-\u201f\u2026\u2400-\u2426\u3000-\u3003\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]|(?<=[A-Za-z0-9])[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]/;

const REFERENCE = /\[((?:\\[\s\S]|[^[\]\\])+)\]/g;
const QUOTE_MARKS = /\n[ >]+/g;

/** The definitions of one text; the first of a label wins, as in CommonMark. */
export class LinkDefinitions {
  add(definition: ILinkDefinition): void {
    if (!this._sources.has(definition.label)) {
      this._sources.set(definition.label, definition.source.trim());
    }
  }

  /** The definitions that a block refers to, as source to put in front of the block's own; '' when none. */
  prefixFor(source: string): string {
    if (this._sources.size === 0) {
      return '';
    }
    const used = [...labelsOf(source)].flatMap(label => this._sources.get(label) ?? []);
    return used.length > 0 ? used.join('\n\n') + '\n\n' : '';
  }

  private readonly _sources = new Map<string, string>();
}

/** Where an address that stands in a text ends: at CJK text, at a control character, at a bracket that it does not open. */
export function addressEnd(text: string): number {
  const end = text.search(BEHIND_ADDRESS);
  const open: string[] = [];
  const address = end < 0 ? text : text.slice(0, end);
  for (const [index, sign] of [...address.split('')].entries()) {
    if (sign === '(' || sign === '[') {
      open.push(sign);
    } else if ((sign === ')' || sign === ']') && open.pop() !== (sign === ')' ? '(' : '[')) {
      return index;
    }
  }
  return address.length;
}

/** All labels that a block may refer to, normalised. */
function labelsOf(source: string): Set<string> {
  const labels = new Set<string>();
  if (source.includes('[')) {
    for (const text of [source, source.replace(QUOTE_MARKS, '\n')]) {
      for (const [, label] of text.matchAll(REFERENCE)) {
        labels.add(label.replace(/\s+/g, ' ').toLowerCase());
      }
    }
  }
  return labels;
}
