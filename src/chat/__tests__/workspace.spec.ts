import type { ChatInfo, WorkspaceLoaded } from '../../protocol/generated';
import { WorkspaceModel } from '../workspace';
import { profileInfo, ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

const info = (chat_id: string, changes: Partial<ChatInfo> = {}): ChatInfo => ({
  chat_id,
  title: chat_id,
  created_at: 1,
  updated_at: 1,
  running: false,
  ...changes
});

const LOADED: WorkspaceLoaded = {
  type: 'workspace_loaded',
  seq: 4,
  chats: [info('chat-old'), info('chat-new', { updated_at: 2 })],
  profiles: [profileInfo('one'), profileInfo('two', { streaming: 'off' })],
  default_profile_id: 'one',
  streaming: 'on',
  streaming_locked: false,
  profiles_locked: false,
  tracing: false
};

describe('WorkspaceModel', () => {
  let server: ScriptedServer;
  let workspace: WorkspaceModel;

  const make = (): void => {
    workspace = new WorkspaceModel({
      serverSettings: server.settings,
      store: window.localStorage
    });
  };

  const connect = (loaded = LOADED): void => {
    workspace.connect();
    server.hello();
    server.say(loaded);
  };

  beforeEach(() => {
    window.localStorage.clear();
    server = new ScriptedServer();
    make();
  });

  afterEach(() => {
    workspace.dispose();
  });

  const listed = (): string[] => workspace.chats.map(({ chat_id }) => chat_id);

  it('begins with an empty chat that the server does not hear of', () => {
    connect();
    expect(workspace.current.messages).toEqual([]);
    expect(server.types).toEqual([]);
  });

  it('lists chats newest first, and follows changes', () => {
    connect();
    expect(listed()).toEqual(['chat-new', 'chat-old']);
    server.say({ type: 'chat_updated', seq: 5, chat: info('chat-old', { updated_at: 3 }) });
    server.say({ type: 'chat_added', seq: 6, chat: info('chat-more', { updated_at: 9 }) });
    server.say({ type: 'chat_deleted', seq: 7, chat_id: 'chat-new' });
    expect(listed()).toEqual(['chat-more', 'chat-old']);
  });

  it('folds an event once', () => {
    connect();
    server.say({ type: 'chat_deleted', seq: 4, chat_id: 'chat-new' });
    expect(listed()).toHaveLength(2);
  });

  it('connects anew when something is missing: the list comes whole with a connection', () => {
    connect();
    server.say({ type: 'chat_deleted', seq: 6, chat_id: 'chat-new' });
    expect(server.sockets).toHaveLength(2);
    connect({ ...LOADED, seq: 6, chats: [] });
    expect(listed()).toEqual([]);
  });

  it('follows only the chat that is open', () => {
    connect();
    workspace.switchTo('chat-old');
    workspace.switchTo('chat-new');
    expect(server.socket.sent.map(({ type, chat_id }) => [type, chat_id])).toEqual([
      ['open_chat', 'chat-old'],
      ['close_chat', 'chat-old'],
      ['open_chat', 'chat-new']
    ]);
  });

  it('opens the same chat after a reload', () => {
    connect();
    workspace.switchTo('chat-old');
    workspace.dispose();
    make();
    connect();
    expect(workspace.current.chatId).toBe('chat-old');
    expect(server.types).toEqual(['open_chat']);
  });

  it('begins a new chat when the open one is deleted', () => {
    connect();
    workspace.switchTo('chat-old');
    workspace.current.draft = 'half';
    server.say({ type: 'chat_deleted', seq: 5, chat_id: 'chat-old' });
    expect(workspace.current.chatId).not.toBe('chat-old');
    expect(workspace.current.isNew).toBe(true);
  });

  it('makes no second empty chat', () => {
    connect();
    const first = workspace.newChat();
    expect(workspace.newChat()).toBe(first);
  });

  it('joins an empty chat that another tab was first to use', () => {
    connect();
    const { chatId } = workspace.current;
    server.say({ type: 'chat_added', seq: 5, chat: info(chatId) });
    expect(server.last('open_chat').chat_id).toBe(chatId);
    expect(workspace.current.title).toBe(chatId);
  });

  describe('of a chat beside the open one', () => {
    const chatsSent = (): unknown[] =>
      server.socket.sent.map(({ type, chat_id }) => [type, chat_id]);

    it('follows it until it is left, whatever the panel shows', () => {
      connect();
      const { chat, follow } = workspace.followBeside('chat-old');
      workspace.switchTo('chat-old');
      expect(workspace.current).toBe(chat);
      workspace.switchTo('chat-new');
      expect(chatsSent()).not.toContainEqual(['close_chat', 'chat-old']);
      follow.dispose();
      expect(chatsSent().at(-1)).toEqual(['close_chat', 'chat-old']);
    });

    it('begins it anew where the server has none, and says nothing of it when it is left', () => {
      const { chat, follow } = workspace.followBeside('chat-gone');
      connect();
      expect([chat.isNew, chat.blockedReason]).toEqual([true, null]);
      const late = workspace.followBeside('chat-lost');
      expect(late.chat.blockedReason).toBeNull();
      follow.dispose();
      late.follow.dispose();
      expect(chatsSent()).toEqual([]);
    });

    it('joins an empty one that another page was first to use', () => {
      connect();
      const { chat } = workspace.beginBeside();
      server.say({ type: 'chat_added', seq: 5, chat: info(chat.chatId) });
      expect(server.last('open_chat').chat_id).toBe(chat.chatId);
    });

    it('tells it of changes of its line and of profiles', () => {
      connect();
      const { chat } = workspace.followBeside('chat-old');
      const told = jest.fn();
      chat.structureChanged.connect(told);
      const renamed = info('chat-old', { title: 'Renamed' });
      server.say({ type: 'chat_updated', seq: 5, chat: renamed });
      expect([told.mock.calls.length > 0, chat.title]).toEqual([true, 'Renamed']);
    });
  });

  it('knows the profile and the switch in force: the chat’s, the profile’s, the global one', () => {
    connect();
    const { current } = workspace;
    expect([current.profile?.profile_id, current.streaming]).toEqual(['one', 'on']);
    current.setProfile('two');
    expect([current.profile?.profile_id, current.streaming]).toEqual(['two', 'off']);
    current.setStreaming('on');
    expect(current.streaming).toBe('on');
    current.send('Why?');
    expect(server.last('create_chat')).toMatchObject({ profile_id: 'two', streaming: 'on' });
  });

  it('streams as far as it can until the server says otherwise', () => {
    expect(workspace.current.streaming).toBe('auto');
  });

  it('knows that the administrator’s setting beats the profile and the chat', () => {
    connect({ ...LOADED, streaming: 'auto', streaming_locked: true });
    workspace.current.setProfile('two');
    workspace.current.setStreaming('on');
    expect([workspace.isStreamingLocked, workspace.current.streaming]).toEqual([true, 'auto']);
  });

  it('changes a chat of the list on the server', () => {
    connect();
    workspace.switchTo('chat-old');
    workspace.current.setProfile(null);
    const { command_id: _, ...command } = server.last('update_chat');
    expect(command).toEqual({ type: 'update_chat', chat_id: 'chat-old', profile_id: null });
  });

  it('says that no profile can be used', () => {
    connect({ ...LOADED, default_profile_id: undefined });
    expect(workspace.defaultProfileId).toBeNull();
    expect(workspace.current.blockedReason).toBe('no_profile');
    server.say({
      type: 'profiles_changed',
      seq: 5,
      profiles: LOADED.profiles,
      default_profile_id: 'two'
    });
    expect(workspace.current.blockedReason).toBeNull();
  });

  it('reports what the server refuses, until the next question', async () => {
    connect();
    workspace.renameChat('chat-old', 'New');
    server.reject(server.last('update_chat'), 'unknown_chat');
    await settle();
    expect(workspace.error?.code).toBe('unknown_chat');
    workspace.current.send('Why?');
    expect(workspace.error).toBeNull();
  });

  it('says nothing of a chat that was to be deleted and is gone', async () => {
    connect();
    workspace.deleteChat('chat-old');
    server.reject(server.last('delete_chat'), 'unknown_chat');
    await settle();
    expect(workspace.error).toBeNull();
    workspace.deleteChat('chat-new');
    server.reject(server.last('delete_chat'), 'forbidden');
    await settle();
    expect(workspace.error?.code).toBe('forbidden');
  });

  it.each(['constructor', '__proto__', 'toString_'])('shows a chat called %s', chatId => {
    connect({ ...LOADED, chats: [info(chatId)] });
    workspace.switchTo(chatId);
    server.say({ type: 'chat_opened', chat_id: chatId, seq: 1, messages: [], has_more: false });
    expect([workspace.current.chatId, workspace.current.blockedReason]).toEqual([chatId, null]);
    workspace.current.draft = 'half';
    workspace.current.send('Why?');
    expect(server.last('send_message').chat_id).toBe(chatId);
    workspace.dispose();
    make();
    connect({ ...LOADED, chats: [info(chatId)] });
    expect([workspace.current.chatId, server.types]).toEqual([
      chatId,
      ['send_message', 'open_chat']
    ]);
  });

  it.each(['constructor', '__proto__', 'of-nobody'])(
    'lets a question be asked where a command has led to a chat that is not there: %s',
    async chatId => {
      connect();
      workspace.switchTo(chatId);
      expect(workspace.current.blockedReason).toBe('loading');
      server.reject(server.last('open_chat'), 'unknown_chat');
      await settle();
      expect([workspace.error?.code, workspace.current.blockedReason]).toEqual([
        'unknown_chat',
        null
      ]);
      expect(workspace.current.send('Why?')).toBe(true);
      expect(server.last('create_chat').chat_id).toBe(chatId);
      expect(server.last('send_message').chat_id).toBe(chatId);
    }
  );

  it('keeps the messages of the chats that were left last, and of no more', () => {
    const chats = Array.from({ length: 30 }, (_, at) => info(`chat-${at}-of-30`));
    connect({ ...LOADED, chats });
    const open = (at: number): void => {
      workspace.switchTo(chats[at].chat_id);
      const { chat_id } = chats[at];
      server.say({ type: 'chat_opened', chat_id, seq: 1, messages: [], has_more: false });
    };
    chats.forEach((_, at) => open(at));
    workspace.switchTo(chats[25].chat_id);
    expect(server.last('open_chat').after_seq).toBe(1);
    workspace.switchTo(chats[5].chat_id);
    expect(server.last('open_chat').after_seq).toBeUndefined();
  });

  it('skips, with a warning, an event of a newer server', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    connect();
    server.say({ type: 'weather_changed' } as never);
    expect(warn).toHaveBeenCalled();
    expect(listed()).toHaveLength(2);
    warn.mockRestore();
  });
});
