/** A limit of time for work that gives nobody else a turn: jest's own limit cannot end such work. */
import { runInNewContext } from 'node:vm';

/** Do some work, and end it with an error when it takes far longer than it may. */
export function doWithin<T>(seconds: number, work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: seconds * 1000 }) as T;
}
