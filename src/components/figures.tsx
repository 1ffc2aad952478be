/**
 * Figures in small print: of one answer, and of a chat.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import { figuresOf, type ICost, totalsOf } from '../chat/figures';
import type { Message } from '../protocol/generated';
import { usePanel } from './context';

/** Tokens, time to the first one, tokens per second, and the price where there is one. */
export function AnswerFigures({ message }: { message: Message }): JSX.Element | null {
  const { trans } = usePanel();
  const figures = figuresOf(message);
  if (!figures) {
    return null;
  }
  const { tokens, firstTokenMs, rate, guesses, costs } = figures;
  const shown = [
    trans._n('%1 token', '%1 tokens', tokens),
    firstTokenMs === null ? null : trans.__('%1 s', (firstTokenMs / 1000).toFixed(1)),
    rate === null ? null : trans.__('%1/s', rate < 10 ? rate.toFixed(1) : Math.round(rate)),
    guesses && trans.__('%1 of %2 guesses accepted', guesses.accepted, guesses.guessed),
    ...costs.map(costText)
  ];
  const meaning = [
    trans.__('Tokens of the answer, time to the first one, tokens per second'),
    guesses && trans.__('Tokens that were guessed ahead, and those that the model accepted'),
    costs.length > 0 &&
      trans.__('Price as the provider says, else by the prices that the profile has')
  ];
  return (
    <span className="jp-StreamChat-figures" title={meaning.filter(Boolean).join(' · ')}>
      {shown.filter(Boolean).join(' · ')}
    </span>
  );
}

/** The sums of a chat's messages that are on this page. */
export function ChatTotals({ chat }: { chat: ChatModel }): JSX.Element | null {
  const { trans } = usePanel();
  const { read, written, costs } = totalsOf(chat.messages);
  return read + written === 0 ? null : (
    <p className="jp-StreamChat-figures">
      {[
        trans.__(
          'In this chat: %1 tokens read, %2 written',
          read.toLocaleString(),
          written.toLocaleString()
        ),
        ...costs.map(costText)
      ].join(' · ')}
    </p>
  );
}

/** An amount, however small, with its currency. */
function costText({ amount, currency }: ICost): string {
  return `${amount.toLocaleString(undefined, { maximumSignificantDigits: 3 })} ${currency}`;
}
