import { choiceOf } from '../branches';
import type { ChatModel } from '../chat';
import { arrivedText, effectiveText, shownText } from '../effectivetext';
import type { Message, RunInfo } from '../../protocol/generated';
import type { WorkspaceModel } from '../workspace';
import { answer, CHAT, opened, openPage, question } from '../../__tests__/support/openchat';
import { PageText } from '../../__tests__/support/pagetext';
import { profileInfo, ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

const stopped: Partial<RunInfo> = {
  status: 'finished',
  finish_reason: 'interrupted',
  kept: [5]
};

const edited = (message: Message, text: string): Message => ({
  ...message,
  content: [...message.content, { type: 'text', text }]
});

describe('choiceOf', () => {
  it('is a place among alternatives', () => {
    const siblings = ['first-one', 'second-1', 'third-one'];
    expect(choiceOf(question('second-1', undefined, siblings))).toEqual({
      index: 2,
      count: 3,
      previous: 'first-one',
      next: 'third-one'
    });
    expect(choiceOf(question('third-one', undefined, siblings))?.next).toBeNull();
  });

  it('is nothing for the only one', () => {
    expect(choiceOf(question('first-one'))).toBeNull();
  });
});

describe('what counts of an answer', () => {
  const message = answer('answer-1', 'question', 'Paris is big', stopped);

  it('is what was shown, all, nothing or the own text', () => {
    expect(effectiveText(message)).toBe('shown');
    expect(effectiveText(edited(message, 'Paris is big'))).toBe('all');
    expect(effectiveText(edited(message, ''))).toBe('nothing');
    expect(effectiveText(edited(message, 'Rome'))).toBe('own');
    expect(effectiveText(question('question'))).toBe('shown');
  });

  it('leaves what was shown and what arrived to be told', () => {
    for (const each of [message, edited(message, 'Rome')]) {
      expect(shownText(each)).toBe('Paris');
      expect(arrivedText(each)).toBe('Paris is big');
    }
  });
});

describe('a chat with branches', () => {
  let server: ScriptedServer;
  let workspace: WorkspaceModel;

  beforeEach(() => {
    jest.useFakeTimers();
    window.localStorage.clear();
    server = new ScriptedServer();
    workspace = openPage(server);
    opened(server, 4, [
      question('question-1'),
      answer('answer-1', 'question-1', 'Paris is big', stopped),
      question('question-2', 'answer-1'),
      answer('answer-2', 'question-2', 'Yes.')
    ]);
  });

  afterEach(() => {
    workspace.dispose();
    jest.useRealTimers();
  });

  const chat = (): ChatModel => workspace.current;
  const ids = (): string[] => chat().messages.map(({ message_id }) => message_id);

  it('asks an edited question beside the old one, and shows it there at once', () => {
    chat().draft = 'something else';
    expect(chat().askAnew('question-2', 'Really?', [])).toBe(true);
    const sent = server.last('send_message');
    expect(sent.parent_id).toBe('answer-1');
    expect(ids()).toEqual(['question-1', 'answer-1', sent.message_id]);
    expect(chat().draft).toBe('something else');
  });

  it('asks an edited first question without a parent', () => {
    chat().askAnew('question-1', 'Really?', []);
    expect(server.last('send_message').parent_id).toBeNull();
    expect(ids()).toHaveLength(1);
  });

  it('asks for another answer, and can stop it before the server has it', async () => {
    expect(chat().regenerate('answer-2')).toBe(true);
    const sent = server.last('regenerate_answer');
    expect(sent.message_id).toBe('question-2');
    expect(chat().isRunning).toBe(true);
    expect(chat().regenerate('answer-2')).toBe(false);
    chat().interrupt();
    expect(server.last('interrupt_run').run_id).toBe(sent.run_id);
    server.accept(sent);
    await settle();
    expect(chat().isRunning).toBe(false);
  });

  it('asks another model for another answer, this once', async () => {
    const [, written] = chat().messages;
    const problem = { code: 'missing_key', message: 'There is no key.' };
    server.say({
      type: 'profiles_changed',
      seq: 2,
      profiles: [
        profileInfo(written.runs[0].profile_id),
        profileInfo('other'),
        profileInfo('broken', { problem })
      ],
      default_profile_id: 'other'
    });
    const others = chat().otherProfiles(written);
    expect(others.map(({ profile_id }) => profile_id)).toEqual(['other']);
    chat().regenerate('answer-2', 'other');
    const sent = server.last('regenerate_answer');
    expect(sent).toMatchObject({ message_id: 'question-2', profile_id: 'other' });
    server.accept(sent);
    await settle();
    chat().regenerate('answer-2');
    expect(server.last('regenerate_answer')).not.toHaveProperty('profile_id');
  });

  it('is ready again when another answer is refused', async () => {
    chat().regenerate('answer-2');
    server.reject(server.last('regenerate_answer'), 'no_profile');
    await settle();
    expect(chat().isRunning).toBe(false);
    expect(workspace.error?.code).toBe('no_profile');
  });

  it('goes to the branch that the server says, and puts the focus where the reader went', () => {
    const siblings = ['answer-1', 'answer-9'];
    chat().branches.go({ ...chat().messages[1], siblings }, 'next');
    expect(server.last('select_branch').message_id).toBe('answer-9');
    server.say({
      type: 'branch_selected',
      chat_id: CHAT,
      seq: 5,
      messages: [{ ...answer('answer-9', 'question-1', 'Rome'), siblings }],
      has_more: true
    });
    expect(ids()).toEqual(['question-1', 'answer-9']);
    expect(chat().hasMore).toBe(false);
    expect(chat().branches.navigation('answer-9')).toBe('next');
    expect(chat().branches.navigation('answer-1')).toBeNull();
  });

  it('shows an edited answer, and again what was shown', () => {
    const page = new PageText();
    chat().bindText('answer-1', page);
    const change = (text: string | null, seq: number): void => {
      chat().branches.editAnswer('answer-1', text);
      expect(server.last('edit_answer')).toMatchObject({ message_id: 'answer-1', text });
      const message = answer('answer-1', 'question-1', 'Paris is big', stopped);
      server.say({
        type: 'message_changed',
        chat_id: CHAT,
        seq,
        message: text === null ? message : edited(message, text)
      });
    };
    expect(page.page).toBe('Paris');
    change('Rome', 5);
    expect([page.page, chat().keptText('answer-1'), chat().discarded('answer-1')]).toEqual([
      'Rome',
      'Rome',
      ''
    ]);
    change('', 6);
    expect(page.page).toBe('');
    change(null, 7);
    expect([page.page, chat().discarded('answer-1')]).toEqual(['Paris', ' is big']);
  });
});
