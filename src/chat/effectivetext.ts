/**
 * What counts of an answer: what was shown of it, all that arrived, nothing, or a text of the reader's own. Pure.
 */
import type { Message, Part } from '../protocol/generated';
import { keptOf } from '../protocol/transcript';

export type EffectiveText = 'shown' | 'all' | 'nothing' | 'own';

/** Tell what counts of an answer that has ended. */
export function effectiveText(message: Message): EffectiveText {
  const own = message.content.filter(part => part.type === 'text' && !part.run_id).pop();
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
  const last = message.runs[message.runs.length - 1];
  return textsOf(message)
    .map(part => (part.run_id === last?.run_id ? part.text : keptPart(part, message)))
    .join('');
}

/** What was shown of an answer, whatever counts now. */
export function shownText(message: Message): string {
  return textsOf(message)
    .map(part => keptPart(part, message))
    .join('');
}

function keptPart(part: Part, { runs }: Message): string {
  return keptOf(
    part,
    runs.find(({ run_id }) => run_id === part.run_id)
  );
}

function textsOf({ content }: Message): Part[] {
  return content.filter(part => part.type === 'text' && part.run_id);
}
