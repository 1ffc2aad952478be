/**
 * One page for each answer at a cell: a duplicated browser tab has what the first one keeps, and must not write too.
 */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { IKeptAnswer } from './resume';

/**
 * Take an answer for this page. The browser releases it when the page is left.
 *
 * @returns what releases it; null: another page of this browser has it. Where the browser has no locks (pages that are
 * not secure) nobody is asked.
 */
export function takeForPage({ chatId, runId }: IKeptAnswer): Promise<IDisposable | null> {
  const { locks } = navigator as Partial<Pick<Navigator, 'locks'>>;
  if (!locks) {
    return Promise.resolve(new DisposableDelegate(() => undefined));
  }
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> =>
      new Promise(release => {
        resolve(lock && new DisposableDelegate(release));
        if (!lock) {
          release();
        }
      });
    const name = `jupyter-stream-chat:cell:${chatId}:${runId ?? ''}`;
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
}
