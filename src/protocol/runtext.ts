/**
 * What a run has written so far: numbered parts, of which the last one grows.
 *
 * The one place in which deltas are put together, for the panel and for cells.
 */
import type { Delta, Digest, PartLengths } from './generated';
import type { WrittenPart } from './parts';
import { sliceCodePoints, StreamText } from './text';

/** What a delta added. */
export interface IAddedText {
  readonly part: number;
  /** The part's kind; perhaps one that this version does not know. */
  readonly kind: string;
  readonly text: string;
  /** It is the part's first text. */
  readonly isFirst: boolean;
}

interface IGrowingPart {
  readonly kind: string;
  readonly text: StreamText;
}

export class RunText {
  /** @param parts - the run's parts so far, in their order. */
  constructor(parts: readonly WrittenPart[] = []) {
    this._parts = parts.map(({ type, text }) => ({ kind: type, text: new StreamText(text) }));
  }

  /** The length of each part, in code points. */
  get lengths(): PartLengths {
    return this._parts.map(({ text }) => text.length);
  }

  /**
   * Take a delta: what is held already of it is left out.
   *
   * @returns what was added, or null; `gap` when something before the delta is missing.
   */
  take({ part, offset, text, kind }: Delta): IAddedText | null | 'gap' {
    if (part === this._parts.length && offset === 0 && kind) {
      this._parts.push({ kind, text: new StreamText() });
    }
    if (part >= this._parts.length) {
      return 'gap';
    }
    const held = this._parts[part];
    const overlap = held.text.length - offset;
    if (overlap < 0) {
      return 'gap';
    }
    const added = overlap === 0 ? text : sliceCodePoints(text, overlap);
    if (!added) {
      return null;
    }
    if (part < this._parts.length - 1) {
      return 'gap'; // a part that another one follows does not grow: its end was missed
    }
    const isFirst = held.text.length === 0;
    held.text.append(added);
    return { part, kind: held.kind, text: added, isFirst };
  }

  /** The parts as a message's content has them. */
  parts(runId: string): WrittenPart[] {
    // A part of an unknown kind is kept as it is: the others' numbers depend on it.
    return this._parts.map(
      ({ kind, text }) => ({ type: kind, text: String(text), run_id: runId }) as WrittenPart
    );
  }

  /** The text, without reasoning, as far as an interrupt kept it. */
  keptText(kept: PartLengths): string {
    return this._parts
      .map(({ kind, text }, at) =>
        kind === 'text' ? sliceCodePoints(String(text), 0, kept[at] ?? 0) : ''
      )
      .join('');
  }

  /** Whether the whole text has these check values. */
  matches(digests: readonly Digest[]): boolean {
    return (
      digests.length === this._parts.length &&
      this._parts.every(({ text: { digest } }, at) => {
        const { length, crc32 } = digests[at];
        return length === digest.length && crc32 === digest.crc32;
      })
    );
  }

  private readonly _parts: IGrowingPart[];
}
