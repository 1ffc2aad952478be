import { IQueued, IStore, PanelStorage } from '../storage';

const QUESTION = {
  create: null,
  send: {
    type: 'send_message' as const,
    chat_id: 'chat-0001',
    message_id: 'question-1',
    content: [{ type: 'text' as const, text: 'Why?' }],
    answer_id: 'answer-01',
    run_id: 'run-00001'
  },
  createdAt: 1
};

const QUEUED: IQueued = {
  ids: { message_id: 'question-2', answer_id: 'answer-02', run_id: 'run-00002' },
  text: 'And then?',
  mode: 'queue',
  isHeld: false
};

describe('PanelStorage', () => {
  beforeEach(() => {
    window.localStorage.clear();
  });

  const open = (user = 'ada', prefix = '/', store: IStore = window.localStorage): PanelStorage => {
    const storage = new PanelStorage(store, prefix);
    storage.identify(user);
    return storage;
  };

  it('keeps servers apart that share a browser origin', () => {
    open('', '/user/ada/').currentChat = 'chat-0001';
    expect(open('', '/user/bob/').currentChat).toBeNull();
  });

  it('keeps users of one server apart', () => {
    open('ada').setUnsent('chat-0001', QUESTION);
    open('ada').setDraft('chat-0001', 'half');
    for (const other of ['bob', '', 'ada:draft', 'ada%']) {
      expect(open(other).unsent.size).toBe(0);
      expect(open(other).draft('chat-0001')).toBe('');
    }
    expect(open('ada').unsent.get('chat-0001')).toEqual(QUESTION);
  });

  it('reads nothing until it knows the user, and gives the user then what was written', () => {
    open().setDraft('chat-0001', 'half');
    const storage = new PanelStorage(window.localStorage, '/');
    expect(storage.draft('chat-0001')).toBe('');
    storage.setUnsent('chat-0001', QUESTION);
    storage.setDraft('chat-0002', 'more');
    expect(open().unsent.size).toBe(0);
    storage.identify('ada');
    expect([storage.draft('chat-0001'), storage.draft('chat-0002')]).toEqual(['half', 'more']);
    expect([...open().unsent.keys()]).toEqual(['chat-0001']);
  });

  it('keeps unsent questions by chat, and leaves nothing behind', () => {
    const storage = open();
    storage.setUnsent('chat-0001', QUESTION);
    storage.setUnsent('chat-0002', {
      ...QUESTION,
      send: { ...QUESTION.send, chat_id: 'chat-0002' }
    });
    storage.setUnsent('chat-0001', null);
    expect([...storage.unsent.keys()]).toEqual(['chat-0002']);
    storage.setUnsent('chat-0002', null);
    storage.setDraft('chat-0001', 'half');
    storage.setDraft('chat-0001', '');
    expect(window.localStorage).toHaveLength(0);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf_'])(
    'keeps what belongs to a chat called %s',
    id => {
      const storage = open();
      const kept = (): unknown[] => [
        open().unsent.get(id),
        open().queued.get(id),
        open().draft(id)
      ];
      expect(kept()).toEqual([undefined, undefined, '']);
      const question = { ...QUESTION, send: { ...QUESTION.send, chat_id: id } };
      storage.setUnsent(id, question);
      storage.setQueued(id, [QUEUED]);
      storage.setDraft(id, 'half');
      expect(kept()).toEqual([question, [QUEUED], 'half']);
      storage.setUnsent(id, null);
      storage.setQueued(id, []);
      storage.setDraft(id, '');
      expect(kept()).toEqual([undefined, undefined, '']);
    }
  );

  const DAMAGED = [
    ...['', '{', 'null', '0', '[]', '"text"', '[null]', '{"chat-0001":null}', '{"chat-0001":[]}'],
    ...['{"chat-0001":{}}', '{"chat-0001":[{}]}', '{"chat-0001":[null]}', '{"__proto__":{}}'],
    JSON.stringify({ 'chat-0001': { ...QUESTION, send: null } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, create: {} } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, createdAt: 'now' } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, send: { ...QUESTION.send, content: [] } } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, send: { ...QUESTION.send, content: [{}] } } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, send: { ...QUESTION.send, run_id: 7 } } }),
    JSON.stringify({ 'chat-0001': { ...QUESTION, send: { ...QUESTION.send, type: 'x' } } }),
    JSON.stringify({ 'chat-0002': QUESTION }),
    JSON.stringify({ 'chat-0001': [{ ...QUEUED, mode: 'x' }] }),
    JSON.stringify({ 'chat-0001': [{ ...QUEUED, ids: {} }] })
  ];

  it.each(DAMAGED)('leaves out what is damaged: %s', value => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    for (const key of ['unsent', 'queued', 'current']) {
      window.localStorage.setItem(`jupyter-stream-chat:/:ada:${key}`, value);
    }
    expect([open().unsent.size, open().queued.size, open().currentChat]).toEqual([0, 0, null]);
    warn.mockRestore();
  });

  it('goes on without, when the browser keeps or reads nothing', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const fail = (): never => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const storage = open('ada', '/', { getItem: fail, removeItem: fail, setItem: fail });
    storage.setDraft('chat-0001', 'half');
    storage.setDraft('chat-0001', '');
    expect([storage.unsent.size, storage.currentChat]).toEqual([0, null]);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });
});
