/**
 * What answers cost: tokens and times of one answer, sums of a chat, how full the context is. Pure.
 *
 * Tokens are the provider's count; where it gives none, those that the panel counted as they came.
 */
import type { Message, RunInfo } from '../protocol/generated';

export interface IFigures {
  /** Tokens of the answer. */
  readonly tokens: number;
  /** Milliseconds until the first of them; null: not known. */
  readonly firstTokenMs: number | null;
  /** Tokens per second from the first one on; null: too few to tell. */
  readonly rate: number | null;
  /** Tokens that were guessed ahead, and how many of them the model accepted; null: none were. */
  readonly guesses: { readonly guessed: number; readonly accepted: number } | null;
  /** What it cost, by currency; empty: neither the provider nor the profile says. */
  readonly costs: readonly ICost[];
}

export interface ICost {
  readonly amount: number;
  readonly currency: string;
}

/** The figures of an answer that is written, over all its runs; null: none are known. */
export function figuresOf({ runs }: Message): IFigures | null {
  const ended = runs.filter(({ timings }) => timings);
  const tokens = sum(ended.map(tokensOf));
  if (tokens === 0 || ended.length < runs.length) {
    return null;
  }
  const seconds = sum(ended.map(writingMs)) / 1000;
  const guessed = sum(ended.map(({ usage }) => usage?.guessed_tokens ?? 0));
  const accepted = sum(ended.map(({ usage }) => usage?.accepted_tokens ?? 0));
  return {
    tokens,
    firstTokenMs: ended[0].timings?.first_token_ms ?? null,
    rate: tokens > 1 && seconds > 0 ? tokens / seconds : null,
    guesses: guessed > 0 ? { guessed, accepted } : null,
    costs: costsOf(ended)
  };
}

/** Tokens that were sent to models and written by them, and what they cost, as far as that is told. */
export function totalsOf(messages: readonly Message[]): {
  read: number;
  written: number;
  costs: readonly ICost[];
} {
  const runs = messages.flatMap(message => message.runs);
  return {
    read: sum(runs.map(({ usage }) => usage?.input_tokens ?? 0)),
    written: sum(runs.map(tokensOf)),
    costs: costsOf(runs)
  };
}

/** Tokens of the conversation, and of the context that it has to fit into; null: not known. */
export function contextUse(
  messages: readonly Message[],
  length: number | null | undefined
): { tokens: number; length: number } | null {
  const told = messages.flatMap(({ runs }) => runs).filter(({ usage }) => usage);
  const usage = told[told.length - 1]?.usage;
  return usage && length ? { tokens: usage.input_tokens + usage.output_tokens, length } : null;
}

function costsOf(runs: readonly RunInfo[]): readonly ICost[] {
  const sums = new Map<string, number>();
  for (const cost of runs.map(costOf)) {
    if (cost) {
      sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cost.amount);
    }
  }
  return [...sums].map(([currency, amount]) => ({ amount, currency }));
}

/** What the provider says, in US dollars; else the tokens that it counted, at the profile's price. */
function costOf({ usage, price }: RunInfo): ICost | null {
  if (typeof usage?.cost === 'number') {
    return { amount: usage.cost, currency: 'USD' };
  }
  return usage && price
    ? {
        amount: (usage.input_tokens * price.input + usage.output_tokens * price.output) / 1e6,
        currency: price.currency
      }
    : null;
}

function tokensOf({ usage, counts }: RunInfo): number {
  return usage?.output_tokens ?? counts?.tokens ?? 0;
}

function writingMs({ timings }: RunInfo): number {
  const first = timings?.first_token_ms;
  return timings && typeof first === 'number' ? timings.total_ms - first : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
