/**
 * Which text of an answer goes into the conversation: what was shown of it, all that arrived, nothing, or a text that
 * the user wrote in its place. Pure.
 */
import type { Message } from '../protocol/generated';
import { INumberedPart, isWritten, keptLength, keptText, numberedParts } from '../protocol/parts';
import { sliceCodePoints } from '../protocol/text';

export type EffectiveText = 'shown' | 'all' | 'nothing' | 'own';

/** Tell which text of an answer that has ended goes into the conversation. */
export function effectiveText(message: Message): EffectiveText {
  const own = message.content
    .filter(isWritten)
    .filter(part => part.type === 'text' && !part.run_id)
    .pop();
  if (message.role !== 'assistant' || !own) {
    return 'shown';
  }
  if (own.text === '') {
    return 'nothing';
  }
  return own.text === arrivedText(message) ? 'all' : 'own';
}

/** What was shown of an answer, and what its last run wrote beyond. */
export function arrivedText(message: Message): string {
  const last = lastRunId(message);
  return runTexts(message)
    .map(each => (each.part.run_id === last ? each.part.text : keptText(each)))
    .join('');
}

/** What was shown of an answer, whichever text is used now. */
export function shownText(message: Message): string {
  return runTexts(message).map(keptText).join('');
}

/** What an answer's last run wrote beyond what was shown, when the reader stopped it. */
export function discardedText(message: Message): string {
  const last = lastRunId(message);
  return effectiveText(message) === 'shown'
    ? runTexts(message)
        .filter(({ part }) => part.run_id === last)
        .map(each => sliceCodePoints(each.part.text, keptLength(each)))
        .join('')
    : '';
}

function lastRunId({ runs }: Message): string | undefined {
  return runs[runs.length - 1]?.run_id;
}

function runTexts(message: Message): readonly INumberedPart[] {
  return numberedParts(message, message.content).filter(
    ({ part }) => part.type === 'text' && part.run_id
  );
}
