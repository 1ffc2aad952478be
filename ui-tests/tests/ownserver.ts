/** A JupyterLab of one test's own, beside the one that all share. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@playwright/test';
import { LAB_PORT } from './servers';

const PORT = LAB_PORT + 3;

export const OWN_URL = `http://127.0.0.1:${PORT}`;

/**
 * Start it, and wait until it answers.
 *
 * @param folder - where it keeps its chats.
 * @param environment - more variables for `jupyter_server_test_config.py`.
 */
export async function startServer(
  folder: string,
  environment: Record<string, string> = {}
): Promise<ChildProcess> {
  const root = process.getuid?.() === 0 ? ['--allow-root'] : [];
  const server = spawn(
    'jupyter',
    [
      'lab',
      ...root,
      `--ServerApp.port=${PORT}`,
      '--ServerApp.port_retries=0',
      '--config',
      'jupyter_server_test_config.py'
    ],
    {
      stdio: 'ignore',
      env: {
        ...process.env,
        JSC_DATA_DIR: folder,
        JSC_KEEP_DATA: 'yes',
        JSC_TOKEN_LOG: '',
        JSC_MODEL: '/none',
        JSC_PROVIDER_URL: `http://127.0.0.1:${LAB_PORT + 2}`,
        ...environment
      }
    }
  );
  await expect
    .poll(
      () =>
        fetch(`${OWN_URL}/api`).then(
          ({ ok }) => ok,
          () => false
        ),
      { timeout: 90_000 }
    )
    .toBe(true);
  return server;
}

export async function endServer(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }
}
