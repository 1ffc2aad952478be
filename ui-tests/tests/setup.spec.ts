/** A server without any profile, and without the packages of local models: the card that connects the first one. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { Profiles } from './profiles';
import { PROVIDER_URL } from './provider';

/** Each button, and what it fills in. */
const BUTTONS = [
  ['OpenAI', 'openai', {}],
  ['Azure OpenAI', 'azure', {}],
  ['OpenAI-compatible endpoint', 'openai-compatible', { preset: '', base_url: '' }],
  ['vLLM', 'openai-compatible', { preset: 'vllm', base_url: 'http://127.0.0.1:8000/v1' }],
  ['Ollama', 'openai-compatible', { preset: 'ollama', base_url: 'http://127.0.0.1:11434/v1' }],
  ['Local model (Hugging Face)', 'huggingface', {}]
] as const;

test('the card opens the form of what somebody has, and goes once a model answers', async ({
  lab
}) => {
  const server = await startServer(await mkdtemp(join(tmpdir(), 'stream-chat-setup-')), {
    JSC_BARE: 'yes'
  });
  try {
    const page = await lab.context().newPage();
    await page.goto(`${OWN_URL}/lab/workspaces/setup?reset`);
    const panel = new Panel(page);
    const profiles = new Profiles(panel);
    await panel.execute('stream-chat:open');
    const card = panel.root.getByRole('region', { name: 'Connect a model' });
    await expect(card).toContainText('No model can be used yet', { timeout: 60_000 });
    for (const [name, provider, filled] of BUTTONS) {
      await card.getByRole('button', { name, exact: true }).click();
      await expect(profiles.field('provider')).toHaveValue(provider);
      for (const [field, value] of Object.entries(filled)) {
        await expect(profiles.field(field)).toHaveValue(value);
      }
      await profiles.field('label').press('Escape');
      await expect(card).toBeVisible();
    }
    await card.getByText('A local model needs more packages').click();
    await expect(card).toContainText('pip install "jupyter-stream-chat[local]"');

    await card.getByRole('button', { name: 'OpenAI-compatible endpoint' }).click();
    await profiles.field('base_url').fill(`${PROVIDER_URL}/v1`);
    await profiles.field('model').fill('tokens=3');
    // By the keyboard: without Galata, JupyterLab's question about news covers the buttons.
    await profiles.field('model').press('Enter');
    await expect(card).toHaveCount(0);
    await panel.ask('Why?');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(['t0', 't1', 't2']);
    await page.close();
  } finally {
    await endServer(server, 'SIGKILL');
  }
});
