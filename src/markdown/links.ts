/**
 * Link reference definitions across blocks.
 *
 * Blocks are rendered alone, but `[text][label]` may be defined in any other block. This module remembers
 * definitions and says which of them a block needs in front of its source.
 */

/** A definition: its normalised label and its source. */
export interface ILinkDefinition {
  readonly label: string;
  readonly source: string;
}

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
