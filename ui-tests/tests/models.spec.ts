/** Local models by the panel alone, from a small hub: measured, downloaded, stopped, resumed, used, unloaded, deleted. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { Profiles } from './profiles';
import { LAB_PORT } from './servers';

/** A model whose answers count; `playwright.config.js` has it made. */
const REPOSITORY = join(tmpdir(), `stream-chat-model-${LAB_PORT}`);
const BYTES_PER_SECOND = 1_500_000;
const MODEL = 'org/tiny';

let hub: ChildProcess;
let server: ChildProcess;
let page: Page;
let panel: Panel;
let profiles: Profiles;

test.beforeEach(async ({ lab }) => {
  const folder = await mkdtemp(join(tmpdir(), 'stream-chat-models-'));
  await mkdir(join(folder, 'cache'));
  const options = ['--port', '0', '--rate', String(BYTES_PER_SECOND)];
  hub = spawn('python', ['-m', 'tests.small_hub', REPOSITORY, ...options], {
    cwd: '..',
    stdio: ['ignore', 'pipe', 'ignore']
  });
  const [line] = (await once(hub.stdout!, 'data')) as Buffer[];
  const url = line.toString().trim();
  server = await startServer(folder, {
    HF_ENDPOINT: url,
    HF_HUB_CACHE: join(folder, 'cache'),
    HF_HUB_OFFLINE: '0'
  });
  page = await lab.context().newPage();
  await page.goto(`${OWN_URL}/lab/workspaces/models?reset`);
  panel = new Panel(page);
  profiles = new Profiles(panel);
  await panel.openNewChat();
});

test.afterEach(async () => {
  await page.close();
  await endServer(server, 'SIGKILL');
  await endServer(hub, 'SIGKILL');
});

async function openModels(): Promise<void> {
  await profiles.openList();
  await profiles.view.getByRole('button', { name: 'Local models' }).click();
  await expect(profiles.view.getByLabel('Model', { exact: true })).toBeFocused();
}

/** Type a name, as the keyboard alone does it, and ask how large the model is. */
async function check(name: string): Promise<void> {
  const field = profiles.view.getByLabel('Model', { exact: true });
  await field.fill(name);
  await field.press('Enter');
}

function line(name: string): Locator {
  return profiles.view.locator(`[data-model="${name}"]`);
}

test('a model is measured, downloaded in two parts, used, unloaded and deleted', async () => {
  await openModels();
  await check(MODEL);
  const found = profiles.view.getByRole('group', { name: MODEL });
  await expect(found).toContainText(/parameters · .* to download · about .* in memory/);
  await expect(found).toContainText('Fits');

  await found.getByRole('button', { name: 'Download' }).click();
  const progress = line(MODEL).getByRole('progressbar');
  await expect(progress).toHaveAttribute('aria-valuetext', /MB of .* MB · .*\/s · .* left/);
  await line(MODEL)
    .getByRole('button', { name: `Stop the download of ${MODEL}` })
    .click();
  await expect(profiles.view).toContainText(`The download of ${MODEL} was stopped`);
  await expect(line(MODEL)).toContainText('Not complete');

  await line(MODEL)
    .getByRole('button', { name: `Resume the download of ${MODEL}` })
    .click();
  await expect(profiles.view).toContainText(`${MODEL} was downloaded`, { timeout: 60_000 });

  await line(MODEL)
    .getByRole('button', { name: `New profile with ${MODEL}` })
    .click();
  await expect(profiles.view).toContainText('"tiny" was added. This chat uses it now.');
  await profiles.close();
  await panel.ask('Count.');
  await panel.expectText('t10 ');

  await openModels();
  await expect(line(MODEL)).toContainText('Used by: tiny');
  await expect(line(MODEL)).toContainText(/Loaded \(cpu|cuda\): .*1 answer is being written/);
  const unload = line(MODEL).getByRole('button', { name: `Unload ${MODEL}` });
  await unload.click();
  await expect(profiles.view.getByRole('alert')).toContainText('is writing an answer');
  await page.keyboard.press('Escape');
  await profiles.close();
  await panel.stop();
  await panel.expectFinished('interrupted');

  await openModels();
  await expect(line(MODEL)).not.toContainText('is being written');
  await unload.click();
  await expect(line(MODEL)).not.toContainText('Loaded');
  await line(MODEL)
    .getByRole('button', { name: `Delete ${MODEL}` })
    .click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('Profiles that use it: tiny');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(profiles.view).toContainText(`${MODEL} was deleted from the disk`);
  await expect(line(MODEL)).toHaveCount(0);
  await expect(profiles.view.getByLabel('Model', { exact: true })).toBeFocused();
});

test('a gated, an unknown and an unreachable model are each said in a sentence', async () => {
  await openModels();
  const said = profiles.view.locator('.jp-StreamChat-modelPicker');
  await check('org/gated');
  await expect(said).toContainText('only to those who accepted its licence');
  await check('org/nothing');
  await expect(said).toContainText('The hub knows no model org/nothing');
  await check(REPOSITORY);
  await expect(said).toContainText(/parameters .* on the disk/);
  await endServer(hub, 'SIGKILL');
  await check(MODEL);
  await expect(said).toContainText('the Hugging Face hub cannot be reached');
});
