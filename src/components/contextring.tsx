/**
 * How full the model's context is: a ring that fills, with the numbers for whoever asks.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import { contextUse } from '../chat/figures';
import { usePanel } from './context';

const RADIUS = 6;
const LENGTH = 2 * Math.PI * RADIUS;

/** Nothing where the length of the context, or what was sent, is not known. */
export function ContextRing({ chat }: { chat: ChatModel }): JSX.Element | null {
  const { trans } = usePanel();
  const use = contextUse(chat.messages, chat.profile?.context_length);
  if (!use) {
    return null;
  }
  const share = Math.min(1, use.tokens / use.length);
  const label = trans.__(
    'Context: %1 of %2 tokens (%3 %)',
    use.tokens.toLocaleString(),
    use.length.toLocaleString(),
    Math.round(share * 100)
  );
  return (
    <span className="jp-StreamChat-ring" role="img" aria-label={label} title={label}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r={RADIUS} />
        <circle
          className="jp-StreamChat-ringUsed"
          cx="8"
          cy="8"
          r={RADIUS}
          strokeDasharray={`${share * LENGTH} ${LENGTH}`}
          transform="rotate(-90 8 8)"
        />
      </svg>
    </span>
  );
}
