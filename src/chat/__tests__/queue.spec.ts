import type { ChatModel } from '../chat';
import type { FinishReason, RunInfo, SendMessage } from '../../protocol/generated';
import type { WorkspaceModel } from '../workspace';
import {
  answer,
  CHAT,
  greet,
  opened,
  openPage,
  OTHER_CHAT,
  question
} from '../../__tests__/support/openchat';
import { ScriptedServer } from '../../__tests__/support/scriptedserver';

const WRITING = answer('answer-1', 'question-1', 'So f', { status: 'streaming' });
const [RUN] = WRITING.runs;

describe('a message that is sent while an answer is written', () => {
  let server: ScriptedServer;
  let workspace: WorkspaceModel;
  let seq: number;

  beforeEach(() => {
    jest.useFakeTimers();
    window.localStorage.clear();
    server = new ScriptedServer();
    workspace = openPage(server);
    seq = 4;
    opened(server, seq, [question('question-1'), WRITING]);
  });

  afterEach(() => {
    workspace.dispose();
    jest.useRealTimers();
  });

  const chat = (): ChatModel => workspace.current;
  const waiting = (model = chat()): string[] => model.queue.items.map(({ text }) => text);
  const questions = (): SendMessage[] =>
    server.socket.sent.filter(({ type }) => type === 'send_message') as unknown as SendMessage[];
  const asked = (): string[] =>
    questions().map(({ content }) =>
      content.map(part => ('text' in part ? part.text : '')).join('')
    );

  const finish = (finish_reason: FinishReason, run: RunInfo = RUN): void => {
    server.say({
      type: 'run_finished',
      chat_id: CHAT,
      seq: ++seq,
      run: { ...run, status: 'finished', finish_reason }
    });
  };

  /** What the server does with the page's newest question. */
  const begin = (): RunInfo => {
    const { message_id, parent_id, answer_id, run_id } = server.last('send_message');
    const message = question(message_id, parent_id ?? undefined);
    const run = { ...RUN, run_id, message_id: answer_id };
    server.say({ type: 'message_added', chat_id: CHAT, seq: ++seq, message });
    const empty = { ...answer(answer_id, message_id, ''), content: [], runs: [] };
    server.say({ type: 'message_added', chat_id: CHAT, seq: ++seq, message: empty });
    server.say({ type: 'run_started', chat_id: CHAT, seq: ++seq, run });
    return run;
  };

  it('waits for the end of the answer, and follows it', () => {
    chat().draft = 'And then?';
    chat().sendLater('And then?', 'queue');
    expect(chat().draft).toBe('');
    expect([waiting(), asked()]).toEqual([['And then?'], []]);
    finish('stop');
    expect([waiting(), asked()]).toEqual([[], ['And then?']]);
    expect(server.last('send_message').parent_id).toBe('answer-1');
  });

  it('goes in its turn', () => {
    chat().sendLater('one', 'queue');
    chat().sendLater('two', 'queue');
    finish('stop');
    expect(asked()).toEqual(['one']);
    finish('stop', begin());
    expect(asked()).toEqual(['one', 'two']);
  });

  it.each(['interrupted', 'error', 'timeout', 'lost'] as const)(
    'is not sent after an end by %s, until the user says so',
    reason => {
      chat().sendLater('one', 'queue');
      chat().sendLater('two', 'queue');
      finish(reason);
      expect([waiting(), asked()]).toEqual([['one', 'two'], []]);
      expect(chat().queue.items.every(({ isHeld }) => isHeld)).toBe(true);

      chat().send('something else');
      finish('stop', begin());
      expect(asked()).toEqual(['something else']);
      chat().sendQueued(chat().queue.items[1].ids.message_id);
      expect(asked()).toEqual(['something else', 'two']);
      finish('stop', begin());
      expect(waiting()).toEqual(['one']);
    }
  );

  it('stops the answer, which stays in the context, and is asked then', () => {
    chat().sendLater('first', 'queue');
    chat().sendLater('No: shorter', 'redirect');
    expect(server.last('interrupt_run').run_id).toBe(RUN.run_id);
    expect(asked()).toEqual([]);
    finish('interrupted');
    expect(asked()).toEqual(['No: shorter']);
    expect(server.last('send_message').parent_id).toBe('answer-1');
    finish('stop', begin());
    expect(asked()).toEqual(['No: shorter', 'first']);
  });

  it('is edited and withdrawn', () => {
    chat().sendLater('one', 'queue');
    chat().sendLater('two', 'queue');
    const [one, two] = chat().queue.items.map(({ ids }) => ids.message_id);
    chat().editQueued(two, 'three');
    chat().withdrawQueued(one);
    expect([waiting(), chat().draft]).toEqual([['three'], 'one']);
    finish('stop');
    expect(asked()).toEqual(['three']);
  });

  it('is sent at once when no answer is written any more', () => {
    finish('stop');
    chat().sendLater('one', 'queue');
    expect([waiting(), asked()]).toEqual([[], ['one']]);
  });

  describe('on another page', () => {
    let second: ScriptedServer;
    let page: WorkspaceModel;

    beforeEach(() => {
      chat().sendLater('And then?', 'queue');
      second = new ScriptedServer();
    });

    afterEach(() => {
      page.dispose();
    });

    const reload = (reason?: FinishReason): void => {
      page = openPage(second);
      const end = reason && ({ status: 'finished', finish_reason: reason } as const);
      opened(second, seq, [
        question('question-1'),
        answer('answer-1', 'question-1', 'So', end ?? RUN)
      ]);
    };

    it('waits after a reload as well', () => {
      reload();
      expect(waiting(page.current)).toEqual(['And then?']);
    });

    it('is held back when the answer ended badly meanwhile', () => {
      reload('error');
      expect(second.types).not.toContain('send_message');
      expect(page.current.queue.items[0].isHeld).toBe(true);
    });

    it('is sent when the answer ended well meanwhile', () => {
      reload('stop');
      expect(second.types).toContain('send_message');
    });

    it('is one question, whoever sends it', () => {
      const [{ ids }] = chat().queue.items;
      reload();
      finish('stop');
      second.say({
        type: 'run_finished',
        chat_id: CHAT,
        seq,
        run: { ...RUN, status: 'finished', finish_reason: 'stop' }
      });
      expect(questions().map(({ message_id }) => message_id)).toEqual([ids.message_id]);
      expect(second.types).not.toContain('send_message');
    });
  });

  it('is sent while another chat is open', () => {
    chat().sendLater('And then?', 'queue');
    workspace.switchTo(OTHER_CHAT);
    expect(server.types).not.toContain('close_chat');
    finish('stop');
    expect(asked()).toEqual(['And then?']);
    expect(server.last('close_chat').chat_id).toBe(CHAT);
  });

  it('is followed again after a lost connection, also in a chat that is not open', () => {
    chat().sendLater('And then?', 'queue');
    workspace.switchTo(OTHER_CHAT);
    server.drop();
    jest.advanceTimersByTime(60_000);
    greet(server);
    const chats = server.socket.sent.filter(({ type }) => type === 'open_chat');
    expect(chats.map(({ chat_id }) => chat_id)).toContain(CHAT);
  });

  it('goes with its chat', () => {
    chat().sendLater('And then?', 'queue');
    server.say({ type: 'chat_deleted', seq: 2, chat_id: CHAT });
    expect(workspace.storage.queued.size).toBe(0);
  });
});
