/**
 * A message's parts as a reader sees them, in their order: a section has one renderer. Pure.
 *
 * Text parts that follow each other are one section: an answer that was continued is one text.
 */
import type { Message, Part, PartLengths } from '../protocol/generated';
import {
  effectiveParts,
  INumberedPart,
  keptLength,
  numberedParts,
  textOf
} from '../protocol/parts';
import { sliceCodePoints } from '../protocol/text';

/** A part, and how much of it is visible. */
export interface IVisiblePart extends INumberedPart {
  /** Code points; all: Infinity. */
  readonly limit: number;
}

export interface ISection {
  /** Names the section within its message, however its parts grow. */
  readonly key: string;
  /** The kind of its parts; perhaps one that this version does not know. */
  readonly kind: string;
  /** Empty: nothing is there yet, and the renderer waits for the first text. */
  readonly parts: readonly IVisiblePart[];
}

/** The key of the section that a message without any part has. */
export const FIRST_TEXT = 'text-0';

/**
 * The sections of a message. The last one is always a text, perhaps empty: the first token must not wait until a
 * renderer is made.
 *
 * @param content - the message's content, with that of live runs.
 * @param frozen - the lengths at which the page stopped showing a run.
 */
export function sectionsOf(
  message: Message,
  content: readonly Part[],
  frozen: (runId: string) => PartLengths | undefined
): readonly ISection[] {
  const sections: (ISection & { parts: IVisiblePart[] })[] = [];
  let others = 0;
  const sectionFor = (kind: string): IVisiblePart[] => {
    const last = sections[sections.length - 1];
    if (kind === 'text' && last?.kind === 'text') {
      return last.parts;
    }
    const added = { key: `${kind}-${others}`, kind, parts: [] };
    others += kind === 'text' ? 0 : 1;
    sections.push(added);
    return added.parts;
  };
  for (const each of effectiveParts(message, numberedParts(message, content))) {
    const lengths = each.run && frozen(each.run.run_id);
    const limit = lengths ? (lengths[each.number] ?? 0) : keptLength(each);
    if (limit > 0 && each.part.text !== '') {
      sectionFor(each.part.type).push({ ...each, limit });
    }
  }
  sectionFor('text');
  return sections;
}

/** The visible text of a section. */
export function sectionText({ parts }: ISection): string {
  return parts.map(({ part, limit }) => sliceCodePoints(textOf(part), 0, limit)).join('');
}
