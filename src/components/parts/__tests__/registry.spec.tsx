import { cleanup } from '@testing-library/react';
import * as React from 'react';
import type { ChatModel } from '../../../chat/chat';
import type { WorkspaceModel } from '../../../chat/workspace';
import type { Part } from '../../../protocol/generated';
import { answer, opened, openPage, question } from '../../../__tests__/support/openchat';
import { PlainText } from '../../../markdown';
import { ScriptedServer } from '../../../__tests__/support/scriptedserver';
import { renderInPanel } from '../../__tests__/support';
import { MessageItem } from '../../message';

describe('the parts of a message', () => {
  let server: ScriptedServer;
  let workspace: WorkspaceModel;

  beforeEach(() => {
    window.localStorage.clear();
    server = new ScriptedServer();
    workspace = openPage(server);
  });

  afterEach(() => {
    cleanup();
    workspace.dispose();
  });

  const run_id = 'run-answer-1';

  /** What is shown of an answer that has these parts. */
  const shown = (content: Part[]): (string | null)[][] => {
    opened(server, 2, [
      question('question-1'),
      { ...answer('answer-1', 'question-1', ''), content }
    ]);
    const chat: ChatModel = workspace.current;
    const { container } = renderInPanel(<MessageItem chat={chat} message={chat.messages[1]} />, {
      renderText: node => new PlainText({ node })
    });
    return [
      ...container.querySelectorAll(
        '.jp-StreamChat-reasoning, .jp-StreamChat-content, .jp-StreamChat-unknownPart'
      )
    ].map(node => [node.className.replace('jp-StreamChat-', ''), node.textContent]);
  };

  it('are shown in their order', () => {
    expect(
      shown([
        { type: 'reasoning', text: 'First 6 × 7.', run_id },
        { type: 'text', text: '42, ', run_id },
        { type: 'reasoning', text: 'Now minus 2.', run_id },
        { type: 'text', text: 'so 40', run_id }
      ])
    ).toEqual([
      ['reasoning', 'Reasoning First 6 × 7.'],
      ['content', '42, '],
      ['reasoning', 'Reasoning Now minus 2.'],
      ['content', 'so 40']
    ]);
  });

  it.each(['hologram', 'constructor', '__proto__', 'toString'])(
    'are told of where this version does not know their kind: %s',
    kind => {
      expect(
        shown([
          { type: 'text', text: 'Here: ', run_id },
          { type: kind, run_id } as unknown as Part,
          { type: 'text', text: 'a cat', run_id }
        ])
      ).toEqual([
        ['content', 'Here: '],
        ['unknownPart', 'This version cannot show this part of the answer.'],
        ['content', 'a cat']
      ]);
    }
  );

  it('are one text where texts follow each other', () => {
    expect(
      shown([
        { type: 'text', text: 'One, ', run_id: 'run-stopped' },
        { type: 'text', text: 'two', run_id }
      ])
    ).toEqual([['content', 'One, two']]);
  });
});
