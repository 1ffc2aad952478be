/**
 * What an empty chat shows: a few questions to begin with, which fit the model that answers.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import { chatIcon } from '../icons';
import { usePanel } from './context';
import { focusComposer } from './focus';

export function EmptyChat({ chat }: { chat: ChatModel }): JSX.Element {
  const { trans } = usePanel();
  const ask = (question: string, button: HTMLElement) => {
    focusComposer(button);
    if (!chat.send(question)) {
      chat.draft = question;
    }
  };
  return (
    <div className="jp-StreamChat-empty">
      <chatIcon.react tag="span" aria-hidden="true" />
      <p>{trans.__('Ask a question to begin.')}</p>
      <ul aria-label={trans.__('Questions to begin with')}>
        {samplesFor(chat.profile?.provider, trans).map(question => (
          <li key={question}>
            <button
              className="jp-StreamChat-textButton"
              onClick={({ currentTarget }) => ask(question, currentTarget)}
            >
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function samplesFor(provider: string | undefined, trans: TranslationBundle): readonly string[] {
  return provider === 'guide'
    ? [
        trans.__('What can you do?'),
        trans.__('How do I connect a model?'),
        trans.__('How do I stop an answer?'),
        trans.__('Where are my chats kept?')
      ]
    : [
        trans.__('Explain Python decorators with a short example.'),
        trans.__('Write a function that reads a CSV file and plots two columns.'),
        trans.__('What should I check first when a notebook is slow?')
      ];
}
