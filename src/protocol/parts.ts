/**
 * The parts of a message: their numbers, how much of each was kept, and which of them a reader sees. Pure.
 */
import type { AttachmentPart, Message, Part, RunInfo, UserText } from './generated';
import { sliceCodePoints } from './text';

/** A part with text; attachments have none, and no number. */
export type WrittenPart = Exclude<Part, AttachmentPart>;

export function isWritten(part: Part): part is WrittenPart {
  return part.type !== 'attachment';
}

/** What a question carries beside its text. */
export function attachmentsOf(content: readonly (Part | UserText)[]): readonly AttachmentPart[] {
  return content.filter((part): part is AttachmentPart => part.type === 'attachment');
}

/** A part, and the run that wrote it. */
export interface INumberedPart {
  readonly part: WrittenPart;
  /** The part's number among those of its run. */
  readonly number: number;
  /** Absent: a user wrote it. */
  readonly run: RunInfo | undefined;
}

/**
 * Number the parts of a message: a run's part n is the n-th one that has its `run_id`.
 *
 * @param content - the message's content, with that of live runs.
 */
export function numberedParts(
  { runs }: Message,
  content: readonly Part[]
): readonly INumberedPart[] {
  const counts = new Map<string, number>();
  return content.filter(isWritten).map(part => {
    const runId = part.run_id ?? '';
    const number = counts.get(runId) ?? 0;
    counts.set(runId, number + 1);
    return { part, number, run: runs.find(({ run_id }) => run_id === runId) };
  });
}

/** Leave out the text before a text that a user wrote in its place. */
export function effectiveParts(
  { role }: Message,
  parts: readonly INumberedPart[]
): readonly INumberedPart[] {
  const isOwn = ({ part }: INumberedPart): boolean => part.type === 'text' && !part.run_id;
  const own = role === 'assistant' ? parts.map(isOwn).lastIndexOf(true) : -1;
  return parts.filter(({ part }, at) => part.type !== 'text' || at >= own);
}

/** How much of a part an interrupt kept, in code points; all: Infinity. */
export function keptLength({ number, run }: INumberedPart): number {
  return run?.kept ? (run.kept[number] ?? 0) : Infinity;
}

/** The text of a part as far as an interrupt kept it. */
export function keptText(part: INumberedPart): string {
  return sliceCodePoints(part.part.text, 0, keptLength(part));
}

/** The text of a part; a part of a kind that this version does not know may have none. */
export function textOf({ text }: Partial<Pick<WrittenPart, 'text'>>): string {
  return text ?? '';
}
