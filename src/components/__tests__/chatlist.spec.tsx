import { fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import type { ISearchResults } from '../../chat/chatsapi';
import { ChatList } from '../chatlist';
import { renderInPanel } from './support';

describe('a line of the list of chats', () => {
  it('has the chat as a file', () => {
    const chat = {
      chat_id: 'chat-0001',
      title: 'Capitals',
      created_at: 1,
      updated_at: 1,
      running: false
    };
    const nothing = jest.fn();
    renderInPanel(
      <ChatList
        chats={[chat]}
        currentId={null}
        onSwitch={nothing}
        onRename={nothing}
        onDelete={nothing}
        onClose={nothing}
        exportUrl={chatId => `http://127.0.0.1/${chatId}/export`}
      />
    );
    const link = screen.getByRole('link', { name: 'Save Capitals as Markdown' });
    expect(link.getAttribute('href')).toBe('http://127.0.0.1/chat-0001/export');
    expect(link.hasAttribute('download')).toBe(true);
  });
});

describe('the list of chats', () => {
  const line = (chat_id: string, title: string, archived?: boolean) => ({
    chat_id,
    title,
    archived,
    created_at: 1,
    updated_at: Date.now() / 1000,
    running: false
  });

  function shown(search?: (query: string) => Promise<ISearchResults>): {
    onFound: jest.Mock;
    onArchive: jest.Mock;
  } {
    const [onFound, onArchive] = [jest.fn(), jest.fn()];
    const nothing = jest.fn();
    const chats = [line('one', 'Same'), line('two', 'Same'), line('three', 'Other', true)];
    renderInPanel(
      <ChatList
        {...{ chats, search, onFound, onArchive }}
        currentId="two"
        onSwitch={nothing}
        onRename={nothing}
        onDelete={nothing}
        onClose={nothing}
        exportUrl={String}
      />
    );
    return { onFound, onArchive };
  }

  it('tells chats of one title apart, and has one Tab stop', () => {
    shown();
    const times = document.querySelectorAll('.jp-StreamChat-chatItem time');
    expect(times).toHaveLength(2);
    const stops = [...document.querySelectorAll<HTMLElement>('.jp-StreamChat-chatItem *')].filter(
      ({ tabIndex }) => tabIndex === 0
    );
    expect(stops).toHaveLength(1);
    expect(document.activeElement?.getAttribute('aria-current')).toBe('true');
  });

  it('keeps archived chats apart, and takes them back', () => {
    const { onArchive } = shown();
    fireEvent.click(screen.getByRole('button', { name: 'Take Other out of the archive' }));
    expect(onArchive).toHaveBeenCalledWith('three', false);
  });

  it('searches for what is typed, and opens a hit', async () => {
    const hit = {
      chat_id: 'one',
      title: 'Same',
      message_id: 'message-1',
      created_at: 1,
      excerpt: [
        { text: 'the ', is_match: false },
        { text: 'word', is_match: true }
      ]
    };
    const { onFound } = shown(() => Promise.resolve({ hits: [hit], has_more: false }));
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'word' } });
    fireEvent.click(await screen.findByText('word'));
    expect(screen.getByText('word').tagName).toBe('MARK');
    expect(onFound).toHaveBeenCalledWith(hit);
  });
});
