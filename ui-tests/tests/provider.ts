/** The scripted provider, as a test asks it what it received; and the server's own log of tokens. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { LAB_PORT } from './servers';

export const PROVIDER_URL = `http://127.0.0.1:${LAB_PORT + 2}`;

/** What the scripted provider noted of one request; times are seconds of the monotonic clock. */
export interface IReceived {
  path: string;
  tokens_sent: number;
  first_token: number | null;
  disconnected: number | null;
  finished: number | null;
  body: {
    messages: { role: string; content: string }[];
    stream?: boolean;
    [name: string]: unknown;
  };
}

/** Wait until the newest request satisfies a condition, and return it. */
export async function newestRequest(
  matches: (request: IReceived) => boolean = () => true
): Promise<IReceived> {
  let newest: IReceived | undefined;
  await expect
    .poll(async () => {
      const response = await fetch(`${PROVIDER_URL}/_requests`);
      newest = ((await response.json()) as IReceived[]).pop();
      return newest !== undefined && matches(newest);
    })
    .toBe(true);
  return newest!;
}

/** How often a question was asked of the provider. */
export async function timesAsked(question: string): Promise<number> {
  const response = await fetch(`${PROVIDER_URL}/_requests`);
  return ((await response.json()) as IReceived[]).filter(each => questionOf(each) === question)
    .length;
}

/** The answer in the context of a request that was made last. */
export function lastAnswer({ body }: IReceived): string | undefined {
  return body.messages.filter(({ role }) => role === 'assistant').pop()?.content;
}

/** The question that a request brought. */
export function questionOf({ body }: IReceived): string {
  return body.messages[body.messages.length - 1].content;
}

/**
 * How many tokens were due at the provider after a moment, and were sent nevertheless.
 *
 * @param rate - tokens per second, as the question asked for.
 * @param moment - milliseconds since the epoch, as `Date.now()` in the page.
 */
export function sentAfter(
  { tokens_sent, first_token }: IReceived,
  rate: number,
  moment: number
): number {
  // Node and Python read the same monotonic clock: that joins the page's time to the provider's.
  const monotonicNow = Number(process.hrtime.bigint()) / 1e9;
  const elapsed = monotonicNow - (Date.now() - moment) / 1000 - first_token!;
  return Math.max(0, tokens_sent - 1 - Math.floor(elapsed * rate));
}

/** The content tokens of the newest run, as the server logged them. */
export async function loggedTokens(): Promise<string[]> {
  const log = await readFile(process.env.JSC_TOKEN_LOG!, 'utf8');
  const lines = [...log.matchAll(/^(\S+) token \d+ '(.*)'$/gm)];
  const newest = lines[lines.length - 1]?.[1];
  return lines.filter(([, runId]) => runId === newest).map(([, , token]) => token);
}

/** How many tokens the local counting model answers with: more than it writes while a busy machine loads a page. */
export const COUNTED = 10_000;

/** The tokens `t0 t1 ...` that the provider, and the counting model, number. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `t${index}`);
}
