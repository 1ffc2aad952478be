/**
 * A message's text under edit: a question is asked anew, an answer counts as it is then.
 *
 * What was written and not confirmed is there again at the next edit.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { reasonFor } from './composer';
import { usePanel } from './context';
import { focusComposer } from './focus';
import { TextEditor } from './editor';

interface IProps {
  chat: ChatModel;
  message: Message;
  onLeave: () => void;
}

export function MessageEditor({ chat, message, onLeave }: IProps): JSX.Element {
  const { trans, settings } = usePanel();
  const { message_id: messageId, role } = message;
  const { drafts } = chat.branches;
  const isAnswer = role === 'assistant';
  const { blockedReason } = chat;

  const onConfirm = async (text: string) => {
    if (isAnswer) {
      chat.branches.editAnswer(messageId, text);
    } else if (!chat.askAnew(messageId, text, await chat.attachedNow(messageId))) {
      return;
    }
    drafts.delete(messageId);
    if (!isAnswer) {
      focusComposer(document.activeElement);
    }
    onLeave();
  };

  return (
    <TextEditor
      label={isAnswer ? trans.__('The answer') : trans.__('Your question')}
      text={drafts.get(messageId) ?? chat.keptText(messageId)}
      confirm={isAnswer ? trans.__('Save') : trans.__('Ask anew')}
      // An answer has many lines, a question mostly one.
      enterConfirms={settings.enterSends && !isAnswer}
      blocked={blockedReason && reasonFor(blockedReason, trans)}
      onChange={text => drafts.set(messageId, text)}
      onConfirm={text => void onConfirm(text)}
      onLeave={onLeave}
    />
  );
}
