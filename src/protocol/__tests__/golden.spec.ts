import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import type { AnyEvent, Delta, Message } from '../generated';
import { codePoints } from '../text';
import { Transcript, TranscriptEvent } from '../transcript';

interface IExpected {
  seq: number;
  messages: Message[];
}

const FOLDER = join(__dirname, '..', '..', '..', 'tests', 'golden');
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.jsonl'));

/** A file's events, and what a reader then holds. */
function read(name: string): [AnyEvent[], IExpected] {
  const lines = readFileSync(join(FOLDER, name), 'utf-8').split('\n').filter(Boolean);
  const { expect: expected } = JSON.parse(lines.pop() ?? '') as { expect: IExpected };
  return [lines.map(line => JSON.parse(line) as AnyEvent), expected];
}

const isSameText = (left: Delta, right: Delta): boolean =>
  left.run_id === right.run_id &&
  left.channel === right.channel &&
  left.offset + codePoints(left.text) === right.offset;

/** Each way in which the wire may cut or repeat text. */
const WAYS: Record<string, (events: AnyEvent[]) => AnyEvent[]> = {
  'as it is': events => events,
  'by single code points': events =>
    events.flatMap<AnyEvent>(event =>
      event.type === 'delta'
        ? [...event.text].map((text, i) => ({ ...event, text, offset: event.offset + i }))
        : [event]
    ),
  'with neighbouring deltas merged': events =>
    events.reduce<AnyEvent[]>((merged, event) => {
      const last = merged[merged.length - 1];
      if (last?.type === 'delta' && event.type === 'delta' && isSameText(last, event)) {
        merged[merged.length - 1] = { ...last, text: last.text + event.text };
      } else {
        merged.push(event);
      }
      return merged;
    }, []),
  'with every event twice': events => events.flatMap(event => [event, event]),
  'with deltas that overlap': events => {
    let before: Delta | null = null;
    return events.flatMap<AnyEvent>(event => {
      const last = before;
      before = event.type === 'delta' ? event : null;
      return last && before && isSameText(last, before)
        ? [{ ...before, offset: last.offset, text: last.text + before.text }]
        : [event];
    });
  }
};

describe.each(FILES)('%s', name => {
  const [events, expected] = read(name);

  it.each(Object.keys(WAYS))('is folded the same, %s', way => {
    const transcript = new Transcript('chat-0001');
    const kinds = WAYS[way](events).map(event => transcript.apply(event as TranscriptEvent).kind);
    const messages = transcript.messages.map(message => ({
      ...message,
      content: transcript.content(message)
    }));
    expect(kinds).not.toContain('gap');
    expect({ seq: transcript.seq, messages }).toEqual(expected);
  });
});
