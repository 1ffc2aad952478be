import type { Message, MessageAdded } from '../generated';
import { StreamText } from '../text';
import { Transcript } from '../transcript';
import { runInfo } from '../../__tests__/support/scriptedserver';

const CHAT = 'chat-0001';
const RUN = runInfo({ run_id: 'run-00001', message_id: 'answer-01' });

const message = (message_id: string, changes: Partial<Message> = {}): Message => ({
  message_id,
  chat_id: CHAT,
  role: 'user',
  author: 'Ada',
  content: [],
  created_at: 1,
  runs: [],
  ...changes
});

const added = (seq: number, changes: Message): MessageAdded => ({
  type: 'message_added',
  chat_id: CHAT,
  seq,
  message: changes
});

/** A chat in which a run has written `text`. */
function writing(text = ''): Transcript {
  const transcript = new Transcript(CHAT);
  transcript.apply({ type: 'chat_opened', chat_id: CHAT, seq: 7, messages: [], has_more: false });
  transcript.apply(added(8, message('answer-01', { role: 'assistant' })));
  transcript.apply({ type: 'run_started', chat_id: CHAT, seq: 9, run: RUN });
  transcript.apply({ type: 'delta', run_id: RUN.run_id, offset: 0, text });
  return transcript;
}

describe('Transcript', () => {
  it('folds nothing before it is opened', () => {
    const transcript = new Transcript(CHAT);
    expect(transcript.apply(added(1, message('question-1'))).kind).toBe('none');
    expect(transcript.seq).toBeNull();
  });

  it('sees that an event is missing, and does not count the one that came', () => {
    const transcript = writing();
    expect(transcript.apply(added(11, message('question-2'))).kind).toBe('gap');
    expect(transcript.seq).toBe(9);
  });

  it('sees that a message follows one that is not held', () => {
    const stray = message('question-2', { parent_id: 'answer-99' });
    expect(writing().apply(added(10, stray)).kind).toBe('gap');
  });

  it('sees that text is missing', () => {
    const event = { type: 'delta', run_id: RUN.run_id, offset: 4, text: 'x' } as const;
    expect(writing('abc').apply(event).kind).toBe('gap');
    expect(writing('abcd').apply(event).kind).toBe('text');
  });

  it('takes of overlapping text what is new, counted in code points', () => {
    const transcript = writing('🙂🙃');
    const change = transcript.apply({
      type: 'delta',
      run_id: RUN.run_id,
      offset: 1,
      text: '🙃🙂!'
    });
    expect(change).toMatchObject({ kind: 'text', text: '🙂!', isFirst: false });
    expect(transcript.held).toEqual({ [RUN.run_id]: { content: 4, reasoning: 0 } });
  });

  it('says whether the whole text is the server’s', () => {
    const end = (text: string): unknown =>
      writing('abc').apply({
        type: 'run_finished',
        chat_id: CHAT,
        seq: 10,
        run: {
          ...RUN,
          status: 'finished',
          digest: { content: new StreamText(text).digest, reasoning: new StreamText().digest }
        }
      });
    expect(end('abc')).toMatchObject({ kind: 'run_finished', isIntact: true });
    expect(end('abd')).toMatchObject({ kind: 'run_finished', isIntact: false });
    expect(end('ab')).toMatchObject({ kind: 'run_finished', isIntact: false });
  });

  it('continues the live text of a snapshot', () => {
    const transcript = new Transcript(CHAT);
    const content = [{ type: 'text' as const, text: 'abc', run_id: RUN.run_id }];
    const messages = [message('answer-01', { role: 'assistant', content, runs: [RUN] })];
    transcript.apply({ type: 'chat_opened', chat_id: CHAT, seq: 9, messages, has_more: false });
    transcript.apply({ type: 'delta', run_id: RUN.run_id, offset: 3, text: 'd' });
    expect(transcript.content(transcript.messages[0])).toEqual([{ ...content[0], text: 'abcd' }]);
    expect(transcript.liveRun).toEqual(RUN);
  });

  it('replaces what changes and shares what does not', () => {
    const transcript = writing();
    const [first] = transcript.messages;
    transcript.apply(added(10, message('question-2', { parent_id: 'answer-01' })));
    expect(transcript.messages[0]).toBe(first);
    transcript.apply({
      type: 'run_progressed',
      chat_id: CHAT,
      run_id: RUN.run_id,
      status: 'starting',
      progress: { stage: 'loading', fraction: 0.62 }
    });
    expect(transcript.messages[0]).not.toBe(first);
    expect(transcript.messages[0].runs[0].progress?.fraction).toBe(0.62);
  });

  it('costs, per piece of text, the length of the piece', () => {
    const transcript = writing();
    const seconds = (pieces: number): number => {
      const start = performance.now();
      for (let i = 0; i < pieces; i++) {
        const { content } = transcript.held[RUN.run_id];
        transcript.apply({ type: 'delta', run_id: RUN.run_id, offset: content, text: 'word ' });
      }
      return performance.now() - start;
    };
    seconds(20_000);
    const early = seconds(20_000);
    seconds(100_000);
    expect(seconds(20_000)).toBeLessThan(5 * early + 50);
  });
});
