import type { ChatModel } from '../chat';
import type { AnyEvent, Message, RunInfo, SendMessage } from '../../protocol/generated';
import { StreamText } from '../../protocol/text';
import { WorkspaceModel } from '../workspace';
import { PageText } from '../../__tests__/support/pagetext';
import { runInfo, ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

const PROFILE = {
  profile_id: 'guide',
  label: 'Guide',
  provider: 'guide',
  model: 'guide',
  locked: true,
  has_key: false
};

const digest = (...texts: string[]): RunInfo['digest'] =>
  texts.map(text => new StreamText(text).digest);

describe('ChatModel', () => {
  let server: ScriptedServer;
  let store: Storage;
  let workspace: WorkspaceModel;
  let seq: number;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new ScriptedServer();
    store = window.localStorage;
    store.clear();
    workspace = new WorkspaceModel({ serverSettings: server.settings, store });
    seq = 0;
  });

  afterEach(() => {
    workspace.dispose();
    jest.useRealTimers();
  });

  const chat = (): ChatModel => workspace.current;

  const greet = (chatIds: string[] = [], saysHello = true): void => {
    if (saysHello) {
      server.hello();
    }
    const chats = chatIds.map(chat_id => ({
      chat_id,
      title: chat_id,
      created_at: 1,
      updated_at: 1,
      running: false
    }));
    server.say({
      type: 'workspace_loaded',
      seq: 1,
      chats,
      profiles: [PROFILE],
      default_profile_id: 'guide',
      streaming: 'on',
      streaming_locked: false,
      profiles_locked: false,
      tracing: false
    });
  };

  const connect = (): void => {
    workspace.connect();
    greet();
  };

  const reload = (): void => {
    workspace.dispose();
    workspace = new WorkspaceModel({ serverSettings: server.settings, store });
  };

  /** What the server does with the page's question: adds both messages, starts the run. */
  const answer = (send: SendMessage = server.last('send_message')): RunInfo => {
    const { chat_id, message_id, answer_id, run_id, content } = send;
    const run = runInfo({ run_id, message_id: answer_id, chat_id });
    const message = (changes: Partial<Message>): AnyEvent => ({
      type: 'message_added',
      chat_id,
      seq: ++seq,
      message: {
        message_id,
        chat_id,
        role: 'user',
        author: 'Ada',
        content,
        created_at: 1,
        runs: [],
        ...changes
      }
    });
    server.say({ type: 'chat_opened', chat_id, seq: 0, messages: [], has_more: false });
    server.say(message({}));
    server.say(
      message({ message_id: answer_id, parent_id: message_id, role: 'assistant', content: [] })
    );
    server.say({ type: 'run_started', chat_id, seq: ++seq, run });
    server.acceptAll();
    return run;
  };

  const finish = (run: RunInfo, changes: Partial<RunInfo>): void => {
    server.say({
      type: 'run_finished',
      chat_id: run.chat_id,
      seq: ++seq,
      run: { ...run, status: 'finished', finish_reason: 'stop', ...changes }
    });
  };

  /** A run begins a part. */
  const part = (run: RunInfo, number: number, kind: string, text: string): void => {
    const begin = { type: 'delta', run_id: run.run_id, part: number, offset: 0, text, kind };
    server.say(begin as AnyEvent);
  };

  /** A run goes on with a part, or begins the first one. */
  const delta = (run: RunInfo, offset: number, text: string, number = 0): void => {
    if (offset === 0) {
      part(run, number, 'text', text);
    } else {
      server.say({ type: 'delta', run_id: run.run_id, part: number, offset, text });
    }
  };

  const ask = (): [RunInfo, PageText] => {
    connect();
    chat().send('Why?');
    const run = answer();
    const page = new PageText();
    chat().bindText(run.message_id, page);
    return [run, page];
  };

  /** What is on the page after a frame. */
  const seen = (page: PageText): string => {
    page.paint();
    return page.page;
  };

  describe('Stop before the question is sent', () => {
    it('withdraws the question, which goes back into the draft', () => {
      connect();
      server.drop();
      chat().send('Why?');
      expect(chat().isRunning).toBe(true);
      chat().interrupt();
      expect([chat().isRunning, chat().messages, chat().draft]).toEqual([false, [], 'Why?']);
      jest.advanceTimersByTime(20_000);
      greet();
      expect(server.types).toEqual([]);
      expect(store.getItem('stream-chat:unsent') ?? '').not.toContain('Why?');
      expect(chat().send('Why not?')).toBe(true);
      expect(server.types).toEqual(['create_chat', 'send_message', 'open_chat']);
    });

    it('interrupts a question that the server may have', async () => {
      connect();
      chat().send('Why?');
      server.drop();
      chat().interrupt();
      expect(chat().messages).toHaveLength(1);
      jest.advanceTimersByTime(20_000);
      greet();
      await settle();
      expect(server.types.indexOf('interrupt_run')).toBe(0);
      expect(server.types).toContain('send_message');
    });
  });

  describe('Continue', () => {
    const stopped = (): [RunInfo, PageText] => {
      const [run, page] = ask();
      delta(run, 0, 'One, two, three');
      finish(run, {
        finish_reason: 'interrupted',
        kept: [10],
        digest: digest('One, two, three')
      });
      return [run, page];
    };
    const offer = () => chat().offer(chat().messages[chat().messages.length - 1]);

    it('goes on in the same bubble, from what was kept', async () => {
      const [run, page] = stopped();
      expect([seen(page), offer()]).toEqual(['One, two, ', 'continue']);
      chat().continueAnswer(run.message_id);
      expect([chat().isRunning, offer()]).toEqual([true, null]);
      const command = server.last('continue_answer');
      const next = runInfo({ ...run, status: 'queued', run_id: command.run_id });
      server.say({ type: 'run_started', chat_id: run.chat_id, seq: ++seq, run: next });
      server.accept(command);
      delta(next, 0, 'drei');
      expect(seen(page)).toBe('One, two, drei');
      finish(next, { digest: digest('drei') });
      await settle();
      expect([seen(page), chat().isRunning, offer()]).toEqual(['One, two, drei', false, null]);
      expect(chat().messages).toHaveLength(2);
    });

    it('is stopped before the server knows of it', async () => {
      const [run] = stopped();
      chat().continueAnswer(run.message_id);
      chat().interrupt();
      expect(server.last('interrupt_run').run_id).toBe(server.last('continue_answer').run_id);
      server.reject(server.last('continue_answer'), 'chat_busy');
      await settle();
      expect([chat().isRunning, offer()]).toEqual([false, 'continue']);
      expect(workspace.error?.code).toBe('chat_busy');
    });

    it.each([
      ['length', 'text', 'continue'],
      ['timeout', 'text', 'continue'],
      ['error', 'text', 'continue'],
      ['lost', 'text', 'continue'],
      ['repetition', 'text', 'continue'],
      ['error', '', 'retry'],
      ['timeout', '', 'retry'],
      ['stop', 'text', null],
      ['content_filter', 'text', null]
    ] as const)('is offered after %s with the text "%s": %s', (reason, text, expected) => {
      const [run] = ask();
      if (text) {
        delta(run, 0, text);
      }
      finish(run, { finish_reason: reason, digest: digest(text) });
      expect(offer()).toBe(expected);
    });
  });

  it('keeps all that is on the page of a stopped answer, where two renderers show it', () => {
    const [run, page] = ask();
    const beside = new PageText();
    chat().bindText(run.message_id, beside);
    delta(run, 0, 'One, ');
    page.paint();
    delta(run, 5, 'two');
    beside.paint();
    chat().interrupt();
    expect(server.last('interrupt_run').shown).toEqual([8]);
    finish(run, { finish_reason: 'interrupted', kept: [8], digest: digest('One, two') });
    expect([seen(page), beside.page]).toEqual(['One, two', 'One, two']);
  });

  describe('Pause', () => {
    const progressed = (run: RunInfo, changes: Partial<RunInfo>): void => {
      const { chat_id, run_id } = run;
      server.say({ type: 'run_progressed', chat_id, run_id, status: 'streaming', ...changes });
    };
    const paused: Partial<RunInfo> = { status: 'paused', pause: { reason: 'asked' } };

    it('renders nothing more until it is resumed, and then what came meanwhile', () => {
      const [run, page] = ask();
      delta(run, 0, 'One, ');
      page.paint();
      chat().pause();
      expect(server.last('pause_run').shown).toEqual([5]);
      expect(chat().pauseAction).toBe('resume');
      delta(run, 5, 'two, ');
      progressed(run, {});
      expect(seen(page)).toBe('One, ');
      progressed(run, paused);
      expect([seen(page), chat().pauseAction]).toEqual(['One, ', 'resume']);
      chat().resume();
      expect(server.last('resume_run').run_id).toBe(run.run_id);
      progressed(run, {});
      expect(seen(page)).toBe('One, two, ');
      delta(run, 10, 'three');
      expect([seen(page), chat().pauseAction]).toEqual(['One, two, three', 'pause']);
      finish(run, { digest: digest('One, two, three') });
      expect([seen(page), chat().pauseAction]).toEqual(['One, two, three', null]);
    });

    it('can be stopped, at what is shown', () => {
      const [run, page] = ask();
      delta(run, 0, 'One, ');
      page.paint();
      chat().pause();
      delta(run, 5, 'two');
      progressed(run, paused);
      chat().interrupt();
      expect(server.last('interrupt_run').shown).toEqual([5]);
      expect(chat().pauseAction).toBeNull();
      finish(run, {
        finish_reason: 'interrupted',
        kept: [5],
        digest: digest('One, two')
      });
      expect(seen(page)).toBe('One, ');
    });

    it('is resumed by another page', () => {
      const [run, page] = ask();
      delta(run, 0, 'One, ');
      page.paint();
      chat().pause();
      progressed(run, paused);
      progressed(run, {});
      delta(run, 5, 'two');
      expect(seen(page)).toBe('One, two');
    });
  });

  describe('send', () => {
    it('has everything on the socket and on the page when it returns', () => {
      connect();
      expect(chat().send('Why?')).toBe(true);
      expect(chat().isUnsent(chat().messages[0].message_id)).toBe(false);
      expect(server.types).toEqual(['create_chat', 'send_message', 'open_chat']);
      expect(chat().messages.map(({ role, content }) => [role, content])).toEqual([
        ['user', [{ type: 'text', text: 'Why?' }]]
      ]);
      expect(chat().isRunning).toBe(true);
      expect(chat().draft).toBe('');
    });

    it('says which message the question follows', () => {
      const [run] = ask();
      finish(run, {});
      chat().send('And then?');
      expect(server.last('send_message').parent_id).toBe(run.message_id);
      expect(server.types.filter(type => type === 'create_chat')).toHaveLength(1);
    });

    it('keeps a question until there is a connection, and shows it as unsent', async () => {
      workspace.connect();
      chat().send('Why?');
      const [question] = chat().messages;
      expect(chat().isUnsent(question.message_id)).toBe(true);
      greet();
      expect(server.types).toEqual(['create_chat', 'send_message', 'open_chat']);
      answer();
      await settle();
      expect(chat().isUnsent(question.message_id)).toBe(false);
      expect(chat().messages).toHaveLength(2);
    });

    it('sends an unsent question after a reload, with the same ids', () => {
      connect();
      server.drop();
      chat().send('Why?');
      const [{ message_id: messageId }] = chat().messages;
      reload();
      expect(chat().messages).toEqual([]);
      connect();
      expect(chat().messages.map(message => message.message_id)).toEqual([messageId]);
      expect(server.types).toEqual(['create_chat', 'send_message', 'open_chat']);
      expect(server.last('send_message').message_id).toBe(messageId);
    });

    it('forgets a question that the server confirmed', async () => {
      ask();
      await settle();
      reload();
      connect();
      expect(chat().messages).toEqual([]);
      expect(server.types).not.toContain('send_message');
    });

    it('gives the draft back, with the reason, when the server refuses', async () => {
      connect();
      chat().send('Why?');
      server.accept(server.last('create_chat'));
      server.reject(server.last('send_message'), 'message_too_long');
      await settle();
      expect(chat().messages).toEqual([]);
      expect(chat().draft).toBe('Why?');
      expect(chat().isRunning).toBe(false);
      expect(workspace.error?.code).toBe('message_too_long');
    });

    it('sends nothing, and keeps the draft, while an answer is being generated', () => {
      ask();
      chat().draft = 'And then?';
      const { length } = server.socket.sent;
      expect(chat().send(chat().draft)).toBe(false);
      expect(chat().blockedReason).toBe('running');
      expect(chat().draft).toBe('And then?');
      expect(server.socket.sent).toHaveLength(length);
    });

    it('sends no blank question', () => {
      connect();
      expect(chat().send(' \n')).toBe(false);
    });

    it('waits for a chat that is being loaded: the question needs its parent', () => {
      connect();
      const { chatId } = chat();
      reload();
      workspace.connect();
      greet([chatId]);
      expect(chat().chatId).toBe(chatId);
      expect(chat().blockedReason).toBe('loading');
      server.say({
        type: 'chat_opened',
        chat_id: chat().chatId,
        seq: 7,
        messages: [],
        has_more: false
      });
      expect(chat().blockedReason).toBe(null);
    });
  });

  describe('text', () => {
    it('goes to the renderer piece by piece, and to no listener but for its first', () => {
      const [run, page] = ask();
      const changed = jest.fn();
      chat().structureChanged.connect(changed);
      delta(run, 0, 'On');
      expect(changed).toHaveBeenCalledTimes(1);
      delta(run, 2, 'e');
      page.paint();
      expect(page.page).toBe('One');
      expect(changed).toHaveBeenCalledTimes(1);
    });

    it('is there for a renderer that comes later', () => {
      const [run] = ask();
      delta(run, 0, 'One');
      const late = new PageText();
      chat().bindText(run.message_id, late);
      delta(run, 3, ' two');
      late.paint();
      expect(late.page).toBe('One two');
    });

    it('is final when the run ends', () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      finish(run, { digest: digest('One') });
      expect(page.page).toBe('One');
      expect(page.isFinished).toBe(true);
      expect(chat().keptText(run.message_id)).toBe('One');
    });

    it('does not reach a renderer that was detached', () => {
      const [run] = ask();
      const left = new PageText();
      chat().bindText(run.message_id, left).dispose();
      delta(run, 0, 'One');
      left.paint();
      expect(left.page).toBe('');
    });

    it('asks for the chat anew, once, when text is missing', () => {
      const [run, page] = ask();
      delta(run, 5, 'later');
      delta(run, 10, 'still later');
      const opens = server.socket.sent.filter(({ type }) => type === 'open_chat');
      expect(opens.map(({ reason }) => reason)).toEqual(['opened', 'gap']);
      server.say({
        type: 'chat_opened',
        chat_id: run.chat_id,
        seq,
        has_more: false,
        messages: chat().messages.map(message => ({
          ...message,
          content: message.runs.length
            ? [{ type: 'text', text: 'Well, later', run_id: run.run_id }]
            : message.content
        })) as Message[]
      });
      delta(run, 11, '.');
      page.paint();
      expect(page.page).toBe('Well, later.');
    });

    it('asks for a snapshot when the whole is not what the server has', () => {
      const [run] = ask();
      delta(run, 0, 'One');
      finish(run, { digest: digest('Two') });
      expect(server.last('open_chat').reason).toBe('digest_mismatch');
      // The connection is lost before it comes: what is wrong is not gone on with.
      server.drop();
      window.dispatchEvent(new Event('online'));
      greet([run.chat_id]);
      expect(server.last('open_chat').reason).toBe('digest_mismatch');
    });

    it('is shown in the order of its parts, each by a renderer of its own', () => {
      const [run] = ask();
      const views = new Map<string, PageText>();
      /** What the page does when parts were added: it makes their renderers. */
      const render = (): void => {
        for (const { key } of chat().sections(run.message_id)) {
          if (!views.has(key)) {
            views.set(key, new PageText());
            chat().bindText(run.message_id, views.get(key)!, key);
          }
        }
      };
      const pages = () =>
        chat()
          .sections(run.message_id)
          .map(({ key }) => seen(views.get(key)!));
      chat().structureChanged.connect(render);
      part(run, 0, 'reasoning', 'First 6 × 7. ');
      part(run, 1, 'text', '42, ');
      delta(run, 4, 'and ', 1);
      part(run, 2, 'reasoning', 'Now minus 2.');
      part(run, 3, 'text', 'so ');
      delta(run, 3, '40', 3);
      const whole = ['First 6 × 7. ', '42, and ', 'Now minus 2.', 'so 40'];
      expect(pages()).toEqual(whole);
      expect(chat().keptText(run.message_id)).toBe('42, and so 40');
      finish(run, { digest: digest(...whole) });
      expect(pages()).toEqual(whole);
      expect(server.types.filter(type => type === 'open_chat')).toHaveLength(1);
    });

    it('is stopped within the part that is being shown', () => {
      const [run] = ask();
      const thoughts = new PageText();
      part(run, 0, 'reasoning', 'First.');
      chat().bindText(run.message_id, thoughts, 'reasoning-0');
      part(run, 1, 'text', '42, ');
      const page = new PageText();
      chat().bindText(run.message_id, page, 'text-1');
      [thoughts, page].forEach(view => view.paint());
      delta(run, 4, 'and', 1);
      part(run, 2, 'reasoning', 'Its renderer is not there yet.');
      chat().interrupt();
      expect(server.last('interrupt_run').shown).toEqual([6, 4, 0]);
      expect(chat().sections(run.message_id)).toHaveLength(2);
      finish(run, { finish_reason: 'interrupted', kept: [6, 4] });
      expect([thoughts.page, page.page]).toEqual(['First.', '42, ']);
    });

    it('survives a part of a kind that this version does not know', () => {
      const [run] = ask();
      part(run, 0, 'text', 'Here: ');
      part(run, 1, 'constructor', '<a cat>');
      part(run, 2, 'text', 'a cat');
      const kinds = () =>
        chat()
          .sections(run.message_id)
          .map(({ kind }) => kind);
      expect(kinds()).toEqual(['text', 'constructor', 'text']);
      finish(run, { digest: digest('Here: ', '<a cat>', 'a cat') });
      expect([kinds(), chat().keptText(run.message_id)]).toEqual([
        ['text', 'constructor', 'text'],
        'Here: a cat'
      ]);
      expect(server.types.filter(type => type === 'open_chat')).toHaveLength(1);
    });
  });

  describe('interrupt', () => {
    it('freezes the page and sends what is on it, within the call', () => {
      const [run, page] = ask();
      delta(run, 0, 'One 🙂');
      page.paint();
      delta(run, 5, ' two');
      chat().interrupt();
      expect(server.last('interrupt_run')).toMatchObject({
        run_id: run.run_id,
        shown: [5]
      });
      delta(run, 9, ' three');
      page.paint();
      expect(page.page).toBe('One 🙂');
      expect(chat().isStopping(run.run_id)).toBe(true);
    });

    it('is sent once, however often it is asked for', () => {
      ask();
      chat().interrupt();
      chat().interrupt();
      expect(server.types.filter(type => type === 'interrupt_run')).toHaveLength(1);
    });

    it('ends at what was kept; the rest can be shown', () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      page.paint();
      delta(run, 3, ' two');
      chat().interrupt();
      finish(run, {
        finish_reason: 'interrupted',
        kept: [3],
        digest: digest('One two')
      });
      expect(page.page).toBe('One');
      expect(chat().keptText(run.message_id)).toBe('One');
      expect(chat().discarded(run.message_id)).toBe(' two');
      expect(chat().isStopping()).toBe(false);
      expect(chat().isRunning).toBe(false);
    });

    it('shows what another tab kept, when that was first', () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      page.paint();
      delta(run, 3, ' two');
      chat().interrupt();
      finish(run, { finish_reason: 'interrupted', kept: [5] });
      expect(page.page).toBe('One t');
    });

    it('shows all when the run had already ended', () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      page.paint();
      chat().interrupt();
      delta(run, 3, ' two');
      finish(run, { digest: digest('One two') });
      expect(page.page).toBe('One two');
    });

    it('stops a question whose run the server did not know yet', async () => {
      connect();
      chat().send('Why?');
      chat().interrupt();
      const early = server.last('interrupt_run');
      server.reject(early, 'unknown_run');
      await settle();
      expect(chat().isStopping()).toBe(true);
      const run = answer();
      expect(server.last('interrupt_run').command_id).not.toBe(early.command_id);
      expect(server.last('interrupt_run')).toMatchObject({
        run_id: run.run_id,
        shown: []
      });
    });

    it('stops it also where a snapshot brings the run', async () => {
      connect();
      chat().send('Why?');
      chat().interrupt();
      server.reject(server.last('interrupt_run'), 'unknown_run');
      await settle();
      const { answer_id, run_id, chat_id } = server.last('send_message');
      const run = runInfo({ run_id, message_id: answer_id, chat_id });
      const [question] = chat().messages;
      const empty = { ...question, message_id: answer_id, role: 'assistant' as const, content: [] };
      seq = 3;
      server.say({
        type: 'chat_opened',
        chat_id,
        seq,
        messages: [question, { ...empty, runs: [run] }],
        has_more: false
      });
      expect(server.types.filter(type => type === 'interrupt_run')).toHaveLength(2);
      const page = new PageText();
      chat().bindText(answer_id, page);
      delta(run, 0, 'Never seen');
      page.paint();
      expect(page.page).toBe('');
      finish(run, { finish_reason: 'interrupted', kept: [0] });
      expect(page.page).toBe('');
      expect(chat().isRunning).toBe(false);
    });

    it('goes on when the server refuses', async () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      chat().interrupt();
      server.reject(server.last('interrupt_run'), 'forbidden');
      await settle();
      expect(chat().isStopping()).toBe(false);
      expect(workspace.error?.code).toBe('forbidden');
      delta(run, 3, ' two');
      page.paint();
      expect(page.page).toBe('One two');
    });

    it('is the first thing said after a lost connection', () => {
      const [run] = ask();
      server.drop();
      chat().interrupt();
      window.dispatchEvent(new Event('online'));
      greet([run.chat_id]);
      expect(server.types).toEqual(['interrupt_run', 'open_chat']);
    });

    it('counts what is held where nothing renders it', () => {
      connect();
      chat().send('Why?');
      const run = answer();
      delta(run, 0, 'One');
      chat().interrupt();
      expect(server.last('interrupt_run').shown).toEqual([3]);
    });
  });

  describe('a lost connection', () => {
    it('is resumed where the page is', () => {
      const [run, page] = ask();
      delta(run, 0, 'One');
      server.drop();
      window.dispatchEvent(new Event('online'));
      greet([run.chat_id]);
      expect(server.last('open_chat')).toMatchObject({
        epoch: 'epoch-1',
        after_seq: 3,
        known_lengths: { [run.run_id]: [3] },
        reason: 'reconnected'
      });
      server.say({ type: 'chat_resumed', chat_id: run.chat_id, seq: 3 });
      delta(run, 3, ' two');
      page.paint();
      expect(page.page).toBe('One two');
      expect(server.types).not.toContain('send_message');
    });
  });

  describe('draft', () => {
    it('survives a reload, chat by chat', () => {
      connect();
      chat().draft = 'half a que';
      reload();
      connect();
      expect(chat().draft).toBe('half a que');
    });

    it('is not lost when it was begun before the server greeted', () => {
      connect();
      chat().draft = 'of yesterday';
      reload();
      chat().draft = 'of today';
      connect();
      expect(chat().draft).toBe('of today');
    });
  });

  describe('two users of one browser', () => {
    const connectAs = (user_id: string): void => {
      workspace.connect();
      server.hello({ user_id });
      greet([], false);
    };

    it('see and send nothing of each other', () => {
      connectAs('ada');
      server.drop();
      chat().send('Ada asks?');
      chat().draft = 'Ada writes';
      reload();
      connectAs('bob');
      expect([chat().messages, chat().draft, server.types]).toEqual([[], '', []]);
      expect(chat().isRunning).toBe(false);
      reload();
      connectAs('ada');
      expect(chat().draft).toBe('Ada writes');
      expect(server.types).toContain('send_message');
    });

    it('are told apart also when the page was not reloaded in between', () => {
      connectAs('ada');
      server.drop();
      chat().send('Ada asks?');
      window.dispatchEvent(new Event('online'));
      server.hello({ user_id: 'bob' });
      expect([workspace.connectionState, server.types]).toEqual(['user_changed', []]);
    });
  });

  describe('loadOlder', () => {
    it('asks for what is before the oldest message, once', async () => {
      const [run] = ask();
      const { messages } = chat();
      server.say({
        type: 'chat_opened',
        chat_id: run.chat_id,
        seq,
        messages: messages.slice(1),
        has_more: true
      });
      const loaded = chat().loadOlder();
      void chat().loadOlder();
      const command = server.last('load_messages');
      expect(server.types.filter(type => type === 'load_messages')).toHaveLength(1);
      expect(command.before).toBe(run.message_id);
      server.say({
        type: 'messages_loaded',
        command_id: command.command_id,
        chat_id: run.chat_id,
        before: command.before,
        messages: messages.slice(0, 1),
        has_more: false
      });
      server.accept(command);
      await loaded;
      expect(chat().messages).toHaveLength(2);
      expect(chat().hasMore).toBe(false);
    });
  });
});
