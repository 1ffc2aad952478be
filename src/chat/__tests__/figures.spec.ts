import { runInfo } from '../../__tests__/support/scriptedserver';
import type { Message, RunInfo } from '../../protocol/generated';
import { contextUse, figuresOf, totalsOf } from '../figures';

const run = (changes: Partial<RunInfo>): RunInfo =>
  runInfo({ run_id: 'run-00000001', message_id: 'answer-00001', ...changes });

const answer = (...runs: RunInfo[]): Message => ({
  message_id: 'answer-00001',
  chat_id: 'chat-0001',
  role: 'assistant',
  author: 'Model',
  content: [],
  created_at: 1,
  runs
});

const usage = (input_tokens: number, output_tokens: number) => ({
  input_tokens,
  output_tokens,
  reasoning_tokens: 0,
  guessed_tokens: 0,
  accepted_tokens: 0
});

describe('the figures of an answer', () => {
  it('are the sums over its runs', () => {
    const first = run({ usage: usage(10, 20), timings: { first_token_ms: 100, total_ms: 1100 } });
    const second = run({ usage: usage(30, 40), timings: { first_token_ms: 50, total_ms: 2050 } });
    expect(figuresOf(answer(first, second))).toEqual({
      tokens: 60,
      firstTokenMs: 100,
      rate: 20,
      guesses: null,
      costs: []
    });
  });

  it('have a price where the provider says one, or else the profile', () => {
    const timings = { total_ms: 5 };
    const price = { input: 2, output: 10, currency: 'EUR' };
    const priced = run({ usage: usage(500_000, 100_000), price, timings });
    expect(figuresOf(answer(priced, priced))?.costs).toEqual([{ amount: 4, currency: 'EUR' }]);
    const told = run({ usage: { ...usage(1, 1), cost: 0.25 }, price, timings });
    const free = run({ usage: { ...usage(1, 1), cost: 0 }, price, timings });
    const costs = [
      { amount: 2, currency: 'EUR' },
      { amount: 0.25, currency: 'USD' }
    ];
    expect(figuresOf(answer(priced, told, free))?.costs).toEqual(costs);
    expect(totalsOf([answer(priced, told), answer(free)]).costs).toEqual(costs);
    expect(figuresOf(answer(run({ price, counts: undefined, timings })))).toBeNull();
  });

  it('tell how many tokens were guessed ahead, and accepted', () => {
    const guessing = (guessed_tokens: number, accepted_tokens: number) =>
      run({
        usage: { ...usage(1, 20), guessed_tokens, accepted_tokens },
        timings: { first_token_ms: 5, total_ms: 9 }
      });
    const { guesses } = figuresOf(answer(guessing(10, 7), guessing(0, 0), guessing(5, 0))) ?? {};
    expect(guesses).toEqual({ guessed: 15, accepted: 7 });
  });

  it.each([
    [answer()],
    [answer(run({ status: 'streaming' }))],
    [answer(run({ timings: { total_ms: 5 } }))]
  ])('are unknown while nothing was counted', message => {
    expect(figuresOf(message)).toBeNull();
  });

  it('have no rate of one token', () => {
    const one = run({ usage: usage(1, 1), timings: { first_token_ms: 5, total_ms: 9 } });
    expect(figuresOf(answer(one))?.rate).toBeNull();
  });
});

describe('the context', () => {
  const told = answer(run({ usage: usage(900, 100) }), run({}));

  it('is as full as the newest run that was counted says', () => {
    expect(contextUse([told], 4000)).toEqual({ tokens: 1000, length: 4000 });
  });

  it.each([undefined, null, 0])('has no share of an unknown length: %s', length => {
    expect(contextUse([told], length)).toBeNull();
    expect(contextUse([answer()], 4000)).toBeNull();
  });

  it('has sums over all answers', () => {
    expect(totalsOf([told, told])).toEqual({ read: 1800, written: 200, costs: [] });
  });
});
