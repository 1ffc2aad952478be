/**
 * Which instructions hold in a chat, and those for all chats.
 */
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import { usePanel } from './context';
import { Field } from './profiles/field';

export function Instructions({ chat }: { chat: ChatModel }): JSX.Element {
  const { trans, settings, changeSetting } = usePanel();
  const [text, setText] = useState(settings.instructions);
  const commit = useRef(() => {});
  commit.current = () => {
    if (text !== settings.instructions) {
      changeSetting('instructions', text);
    }
  };
  // What is typed counts as well when the settings are closed from within the field.
  useEffect(() => () => commit.current(), []);
  const holding = {
    chat: trans.__("This chat's own system prompt holds."),
    profile: trans.__("The profile's system prompt holds."),
    all: trans.__('The instructions for all chats hold.'),
    none: trans.__('The model is sent no instructions.')
  }[chat.instructionsOf ?? 'none'];
  return (
    <>
      <Field
        label={trans.__('Instructions for all chats')}
        hint={trans.__('They hold where neither the chat nor its profile has a system prompt.')}
      >
        {control => (
          <textarea
            {...control}
            rows={3}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            onBlur={() => commit.current()}
          />
        )}
      </Field>
      <p role="status">{holding}</p>
    </>
  );
}
