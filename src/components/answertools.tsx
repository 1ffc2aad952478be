/**
 * What stands at the end of an answer that holds code: the whole answer as cells of the notebook.
 */
import { notebookIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import { hasCode } from '../markdown';
import type { Message } from '../protocol/generated';
import { usePanel } from './context';

interface IProps {
  chat: ChatModel;
  message: Message;
}

export function AnswerTools({ chat, message }: IProps): JSX.Element | null {
  const { trans, insertAnswer } = usePanel();
  const isWritten = message.runs.every(({ status }) => status === 'finished');
  if (!insertAnswer || !isWritten || !hasCode(chat.keptText(message.message_id))) {
    return null;
  }
  return (
    <div className="jp-StreamChat-answerTools">
      <button
        className="jp-StreamChat-textButton"
        title={trans.__('Insert the text and the code of this answer as cells, in order')}
        onClick={({ currentTarget }) =>
          void insertAnswer(chat.keptText(message.message_id), currentTarget)
        }
      >
        <notebookIcon.react tag="span" />
        {trans.__('Whole answer as cells')}
      </button>
    </div>
  );
}
