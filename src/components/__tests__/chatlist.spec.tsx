import { screen } from '@testing-library/react';
import * as React from 'react';
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
