import type { WorkspaceModel } from '../chat/workspace';
import { StreamChat } from '../streamchat';
import type { AskError } from '../tokens';
import { answer, CHAT, opened, openPage, OTHER_CHAT, question } from './support/openchat';
import { ScriptedServer } from './support/scriptedserver';

describe('StreamChat', () => {
  let server: ScriptedServer;
  let workspace: WorkspaceModel;
  let streamChat: StreamChat;
  const activate = jest.fn();

  beforeEach(() => {
    window.localStorage.clear();
    activate.mockClear();
    server = new ScriptedServer();
    workspace = openPage(server);
    streamChat = new StreamChat({
      workspace,
      activate,
      tabs: null,
      streamIntoCell: async () => CHAT
    });
  });

  afterEach(() => workspace.dispose());

  const load = (chat_id: string, messages = [question('question-1')]): void =>
    server.say({ type: 'chat_opened', chat_id, seq: 1, messages, has_more: false });

  it('shows the panel, and the chat that is asked for', () => {
    streamChat.open();
    expect([activate.mock.calls.length, workspace.current.chatId]).toEqual([1, CHAT]);
    streamChat.open(OTHER_CHAT);
    expect(workspace.current.chatId).toBe(OTHER_CHAT);
  });

  it('asks in a new chat', async () => {
    const chatId = await streamChat.ask('Why?');
    expect([workspace.current.chatId, chatId === CHAT]).toEqual([chatId, false]);
    expect(server.last('send_message')).toMatchObject({
      chat_id: chatId,
      content: [{ type: 'text', text: 'Why?' }]
    });
    expect(activate).toHaveBeenCalled();
  });

  it('asks in a chat once that is loaded', async () => {
    const asked = streamChat.ask('Why?', OTHER_CHAT);
    expect(server.types).not.toContain('send_message');
    load(OTHER_CHAT);
    await expect(asked).resolves.toBe(OTHER_CHAT);
    expect(server.last('send_message').parent_id).toBe('question-1');
  });

  it('says why a question cannot be sent', async () => {
    const reason = (text: string): Promise<string> =>
      streamChat.ask(text, CHAT).then(
        () => 'sent',
        (error: AskError) => error.reason
      );
    opened(server, 4, [
      question('question-1'),
      answer('answer-1', 'question-1', 'So f', { status: 'streaming' })
    ]);
    expect(await reason(' ')).toBe('empty');
    expect(await reason('And then?')).toBe('running');
    streamChat.stop();
    expect(server.last('interrupt_run').run_id).toBe('run-answer-1');
  });
});
