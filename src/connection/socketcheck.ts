/**
 * The doctor's last step, which only a page can take: whether a WebSocket to this server comes through.
 *
 * A connection like the panel's own is opened on the way by which this page reached the server, and asked for
 * signs of life: a proxy that passes no WebSocket on, or holds frames back, is found.
 */
import type { ServerConnection } from '@jupyterlab/services';
import { Connection } from './connection';
import type { DoctorStep } from '../protocol/generated';

/** Milliseconds until the greeting must be here; its services are loaded: the doctor was asked before. */
const OPEN_TIMEOUT = 10_000;
const PING_TIMEOUT = 3000;
const PINGS = 5;
/** Milliseconds: slower, and somebody on the way holds frames back. */
const SLOW = 1000;

/** What was found; `i18n/doctor` has the words. */
export async function checkSocket(
  settings: ServerConnection.ISettings,
  signal?: AbortSignal
): Promise<DoctorStep> {
  const begun = performance.now();
  const found = (outcome: DoctorStep['outcome'], code: string, values = {}): DoctorStep => {
    const ms = performance.now() - begun;
    return { name: 'socket', title: '', outcome, ms, message: '', code, values };
  };
  const connection = new Connection(settings);
  const wait = (work: Promise<unknown>, limit: number) => within(limit, work, signal);
  try {
    if (!(await wait(connected(connection), OPEN_TIMEOUT))) {
      return found('fail', 'socket_closed', { seconds: String(OPEN_TIMEOUT / 1000) });
    }
    let slowest = 0;
    for (let count = 0; count < PINGS; count++) {
      const sent = performance.now();
      if (!(await wait(connection.send({ type: 'ping' }), PING_TIMEOUT))) {
        return found('fail', 'socket_closed', { seconds: String(PING_TIMEOUT / 1000) });
      }
      slowest = Math.max(slowest, performance.now() - sent);
    }
    const values = { ms: String(Math.round(slowest)) };
    return slowest > SLOW
      ? found('warn', 'socket_slow', values)
      : found('pass', 'socket_open', values);
  } finally {
    connection.dispose();
  }
}

/** Resolves when the server has greeted; a connection that breaks tries again by itself. */
function connected(connection: Connection): Promise<void> {
  return new Promise(resolve => {
    connection.stateChanged.connect((_, state) => {
      if (state === 'connected') {
        resolve();
      }
    });
    connection.connect();
  });
}

/** Whether something is done in so many milliseconds, and nobody gives it up. */
function within(limit: number, work: Promise<unknown>, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => resolve(false), limit);
    signal?.addEventListener('abort', () => resolve(false), { once: true });
    work.then(() => resolve(true), reject).finally(() => window.clearTimeout(timer));
  });
}
