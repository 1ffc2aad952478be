import { PanelStorage } from '../storage';

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

describe('PanelStorage', () => {
  beforeEach(() => {
    window.localStorage.clear();
  });

  it('keeps servers apart that share a browser origin', () => {
    const ada = new PanelStorage(window.localStorage, '/user/ada/');
    const bob = new PanelStorage(window.localStorage, '/user/bob/');
    ada.currentChat = 'chat-0001';
    expect(bob.currentChat).toBeNull();
  });

  it('keeps unsent questions by chat, and leaves nothing behind', () => {
    const storage = new PanelStorage(window.localStorage, '/');
    storage.setUnsent('chat-0001', QUESTION);
    storage.setUnsent('chat-0002', QUESTION);
    storage.setUnsent('chat-0001', null);
    expect(storage.unsent).toEqual({ 'chat-0002': QUESTION });
    storage.setUnsent('chat-0002', null);
    storage.setDraft('chat-0001', 'half');
    storage.setDraft('chat-0001', '');
    expect(window.localStorage).toHaveLength(0);
  });

  it('goes on without, when the browser keeps nothing more', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const full = {
      getItem: () => null,
      removeItem: () => undefined,
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      }
    };
    new PanelStorage(full, '/').setDraft('chat-0001', 'half');
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });
});
