/**
 * What a component that shows a part of a message gets, and how it has the text rendered.
 */
import { RefObject, useLayoutEffect, useRef } from 'react';
import type { ChatModel } from '../../chat/chat';
import type { ISection } from '../../chat/sections';
import type { Message } from '../../protocol/generated';
import { usePanel } from '../context';

export interface IPartProps {
  readonly chat: ChatModel;
  readonly message: Message;
  readonly section: ISection;
  /** It is the newest part of an answer that is being written. */
  readonly isGrowing: boolean;
}

/**
 * Have a section's text rendered.
 *
 * @param role - how: a user's text as it is, an assistant's as Markdown.
 * @returns the node for the renderer, which React never touches again.
 */
export function useRenderedText(
  { chat, message, section }: IPartProps,
  role: Message['role']
): RefObject<HTMLDivElement> {
  const { renderText } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  const { message_id: messageId } = message;
  const { key } = section;
  useLayoutEffect(() => {
    if (node.current === null) {
      return;
    }
    const view = renderText(node.current, role);
    const binding = chat.bindText(messageId, view, key);
    return () => {
      binding.dispose();
      view.dispose();
    };
  }, [chat, messageId, key, role, renderText]);
  return node;
}
