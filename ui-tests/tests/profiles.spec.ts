/** Profiles by the panel alone: added by typing, checked, tried, asked, changed, copied, deleted; keys are never shown. */
import { expect, type Page } from '@playwright/test';
import { test } from './fixtures';
import { deleteAdded, Profiles } from './profiles';
import { newestRequest, PROVIDER_URL } from './provider';
import { LAB_URL } from './servers';

/** JupyterLab adds the time to each address. */
const SAVING = /stream-chat\/api\/profiles\?/;
const KEY = 'sk-never-to-be-seen-again';

/** Where a page could find a secret: its source, its fields, its storage, the answers of the server. */
async function seenByThePage(page: Page): Promise<string> {
  return page.evaluate(async base => {
    const read = async (path: string) => (await fetch(`${base}/stream-chat/api/${path}`)).text();
    const { profiles } = JSON.parse(await read('profiles')) as {
      profiles: { profile_id: string }[];
    };
    const answers = profiles.map(({ profile_id }) => read(`profiles/${profile_id}`));
    const typed = [...document.querySelectorAll('input, textarea')].map(
      field => (field as HTMLInputElement).value
    );
    const stores = [{ ...localStorage }, { ...sessionStorage }];
    return JSON.stringify([
      document.documentElement.outerHTML,
      typed,
      stores,
      await read('profiles'),
      await Promise.all(answers)
    ]);
  }, LAB_URL);
}

/**
 * Read every answer of ours from now on before the page has it: of one that the page drops, a check that is
 * overtaken, Chromium keeps no body. The function that is returned ends this, and returns the bodies.
 */
async function answersTo(page: Page): Promise<() => Promise<string[]>> {
  // Galata's page is a wrapper, which this call does not take.
  const session = await page.context().newCDPSession(page.mainFrame().page());
  const bodies: Promise<string>[] = [];
  session.on('Fetch.requestPaused', ({ requestId }) => {
    const read = async () => {
      const { body, base64Encoded } = await session.send('Fetch.getResponseBody', { requestId });
      await session.send('Fetch.continueRequest', { requestId });
      return base64Encoded ? Buffer.from(body, 'base64').toString() : body;
    };
    // Given up while it was read here, it is no answer: the page never has it.
    bodies.push(
      read().catch(error => (/InterceptionId/.test(`${error}`) ? '' : Promise.reject(error)))
    );
  });
  const patterns = [{ urlPattern: '*stream-chat/api/*', requestStage: 'Response' as const }];
  await session.send('Fetch.enable', { patterns });
  return async () => {
    const texts = await Promise.all(bodies);
    await session.detach();
    return texts;
  };
}

test.afterEach(({ lab }) => deleteAdded(lab));

test('a profile is typed with help at each field, tried, saved and asked', async ({ panel }) => {
  const profiles = new Profiles(panel);
  await profiles.openNew();

  await profiles.field('base_url').fill(`${PROVIDER_URL}/v1/chat/completions`);
  await profiles.expectProblem('base_url', /added by itself.*Cut it after the version/);
  await profiles.field('model').focus();
  await profiles.field('label').focus();
  await profiles.expectProblem('model', /needs model/);
  await profiles.view.locator('summary', { hasText: 'Parameters' }).click();
  await profiles.field('parameters.temperature').fill('7');
  await profiles.expectProblem('parameters.temperature', /less than or equal to 2/);

  await profiles.field('label').fill('Mine');
  await profiles.save.click();
  await expect(profiles.field('base_url')).toBeFocused();

  await profiles.field('base_url').fill(`${PROVIDER_URL}/v1/`);
  await profiles.field('parameters.temperature').fill('0.5');
  await profiles.view.getByRole('button', { name: 'Fetch the list of models' }).click();
  await expect(profiles.view).toContainText('1 model to choose from');
  await expect(profiles.view.locator('datalist option')).toHaveAttribute('value', 'scripted');

  await profiles.field('model').fill('fail=401');
  await profiles.view.getByRole('button', { name: 'Try' }).click();
  await expect(profiles.view.getByRole('alert')).toContainText('key');
  await profiles.field('model').fill('tokens=3');
  await profiles.view.getByRole('button', { name: 'Try' }).click();
  await expect(profiles.view).toContainText(/answered after \d+\.\d s:\s*t0 t1 t2/);

  await profiles.save.click();
  await expect(profiles.view).toContainText('"Mine" was added. This chat uses it now.');
  await profiles.close();
  await expect(panel.root.getByLabel('Model profile').locator('option:checked')).toHaveText('Mine');
  await panel.ask('Why?');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(['t0', 't1', 't2']);
  const { body } = await newestRequest(request => request.body.stream === true);
  expect(body).toMatchObject({ model: 'tokens=3', temperature: 0.5 });
});

test('a profile is changed, copied and deleted', async ({ panel, lab }) => {
  const profiles = new Profiles(panel);
  await profiles.add('First');
  await profiles.open('First');
  await profiles.field('label').fill('Renamed');
  await profiles.field('model').fill('tokens=2');
  await profiles.field('streaming').selectOption('off');
  await profiles.view.locator('summary', { hasText: 'Advanced' }).click();
  await expect(profiles.field('timeouts.total')).toHaveAttribute('placeholder', '1800');
  await profiles.field('timeouts.total').fill('86401');
  await profiles.expectProblem('timeouts.total', /Give seconds, 86400 \(a day\) at most/);
  await profiles.field('timeouts.total').fill('3');
  await profiles.field('on_repetition').selectOption('stop');
  await profiles.save.click();
  await expect(profiles.view).toContainText('"Renamed" was changed');

  await profiles.line('Renamed').getByRole('button', { name: 'Duplicate Renamed' }).click();
  await expect(profiles.field('label')).toHaveValue('Copy of Renamed');
  await expect(profiles.field('model')).toHaveValue('tokens=2');
  await expect(profiles.field('streaming')).toHaveValue('off');
  await expect(profiles.field('timeouts.total')).toHaveValue('3');
  await expect(profiles.field('on_repetition')).toHaveValue('stop');
  await profiles.save.click();
  await expect(profiles.view).toContainText('"Copy of Renamed" was added');

  await profiles.line('Renamed').getByRole('button', { name: 'Delete Renamed' }).click();
  await lab.locator('.jp-Dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(profiles.view).toContainText('"Renamed" was deleted');
  await expect(profiles.line('Renamed')).toHaveCount(0);
  await profiles.close();
  await panel.ask('Why?');
  await panel.expectFinished('stop');
  expect((await newestRequest()).body).toMatchObject({ model: 'tokens=2' });
  expect((await newestRequest()).body.stream ?? false).toBe(false);

  // The limit that was typed ends an answer, and its error leads back to it.
  await profiles.openList();
  await profiles.open('Copy of Renamed');
  await profiles.field('model').fill('hang=1');
  await profiles.save.click();
  await profiles.close();
  await panel.ask('Why?');
  await panel.expectFinished('timeout');
  await panel.answer.getByRole('button', { name: 'Edit profile' }).click();
  await expect(profiles.field('timeouts.total')).toBeFocused();
  await profiles.field('timeouts.total').press('Escape');
});

test('a key is used, never shown, and goes to no other host', async ({ panel, lab }) => {
  const profiles = new Profiles(panel);
  const answers = await answersTo(lab);
  await profiles.openNew();
  await profiles.field('label').fill('Keyed');
  await profiles.field('base_url').fill(`${PROVIDER_URL}/v1`);
  await profiles.field('model').fill('key');
  await profiles.field('api_key').fill(KEY);
  // Nor is it in the source of the page while it is typed.
  expect(await panel.root.evaluate(root => root.outerHTML)).not.toContain(KEY);
  await profiles.save.click();
  await expect(profiles.view).toContainText('"Keyed" was added');
  expect(await seenByThePage(lab)).not.toContain(KEY);

  await profiles.open('Keyed');
  await expect(profiles.view).toContainText('A key is kept.');
  await expect(profiles.view.locator('input[name="api_key"]')).toHaveCount(0);
  await profiles.field('base_url').fill('http://127.0.0.1:9/v1');
  await expect(profiles.view).toContainText('The kept key is not sent there');
  await profiles.save.click();
  await expect(profiles.view).toContainText('"Keyed" was saved without its key');
  await profiles.open('Keyed');
  await expect(profiles.field('api_key')).toHaveValue('');
  await profiles.close();
  const read = (await answers()).filter(Boolean);
  expect(read.length).toBeGreaterThan(3);
  expect(read.join('')).not.toContain(KEY);
});

test('a kept key is replaced, kept or removed', async ({ panel }) => {
  const profiles = new Profiles(panel);
  await profiles.add('Keyed', KEY);
  await profiles.open('Keyed');
  await profiles.view.getByRole('button', { name: 'Replace the key' }).click();
  await expect(profiles.field('api_key')).toBeFocused();
  await profiles.view.getByRole('button', { name: 'Keep the old key' }).click();
  await expect(profiles.view).toContainText('A key is kept.');
  await profiles.view.getByRole('button', { name: 'Remove the key' }).click();
  await expect(profiles.view).toContainText('The key is removed when you save.');
  await profiles.save.click();
  await expect(profiles.view).toContainText('"Keyed" was changed');
  await profiles.open('Keyed');
  await expect(profiles.field('api_key')).toBeVisible();
});

test('nothing that was typed is lost without asking', async ({ panel, lab }) => {
  const profiles = new Profiles(panel);
  await profiles.openNew();
  await profiles.field('label').fill('Half');
  await profiles.field('api_key').fill(KEY);
  await lab.sidebar.close('right');
  await panel.execute('stream-chat:profiles');
  await expect(profiles.field('label')).toHaveValue('Half');
  await expect(profiles.field('provider')).toBeFocused();

  // A save that the server cannot take keeps all that is typed.
  await profiles.field('base_url').fill(`${PROVIDER_URL}/v1`);
  await profiles.field('model').fill('scripted');
  await lab.route(SAVING, route => route.abort());
  await profiles.save.click();
  await expect(profiles.view.getByRole('alert').last()).toContainText('cannot be reached');
  await lab.unroute(SAVING);
  await expect(profiles.field('api_key')).toHaveValue(KEY);

  await panel.execute('stream-chat:new-chat');
  await expect(profiles.view).toHaveCount(0);
  await profiles.openList();
  await expect(profiles.field('label')).toHaveValue('Half');
  await expect(profiles.field('api_key')).toHaveValue(KEY);

  await profiles.field('label').press('Escape');
  await lab.locator('.jp-Dialog').getByRole('button', { name: 'Go on editing' }).click();
  await expect(profiles.field('label')).toHaveValue('Half');
  await profiles.field('label').press('Escape');
  await lab.locator('.jp-Dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(profiles.save).toHaveCount(0);
  await expect(profiles.view).toContainText('Add a profile');
});

test('a profile of the configuration is shown with the reason, and can be tried', async ({
  panel
}) => {
  const profiles = new Profiles(panel);
  await profiles.openList();
  await profiles.line('Scripted').getByRole('button').first().click();
  await expect(profiles.view).toContainText("comes from Jupyter's configuration");
  await expect(profiles.save).toHaveCount(0);
  await profiles.view.getByRole('button', { name: 'Try' }).click();
  await expect(profiles.view).toContainText(/answered after .*t0/);
});

test('the doctor tells step by step what it found, and leads to the field', async ({ panel }) => {
  const profiles = new Profiles(panel);
  const step = (name: string) => profiles.view.locator(`[data-step="${name}"]`);
  await profiles.openNew();
  await profiles.field('base_url').fill(`${PROVIDER_URL}/v1`);
  await profiles.field('model').fill('tokens=20,rate=20');
  await profiles.view.getByRole('button', { name: 'Doctor' }).click();
  await expect(profiles.view.locator('table')).toHaveAttribute('aria-busy', 'true');
  await expect(step('configuration')).toContainText(/passed\s*\d+ ms/);
  await expect(profiles.view.locator('table')).toHaveAttribute('aria-busy', 'false', {
    timeout: 90_000
  });
  await expect(step('stop')).toHaveAttribute('data-outcome', 'pass');
  await expect(step('socket')).toContainText('A WebSocket to this server opens');
  await expect(step('socket')).toContainText('The way to this page');

  await profiles.field('base_url').fill('http://127.0.0.1:9/v1');
  await profiles.view.getByRole('button', { name: 'Doctor' }).click();
  await expect(step('connection')).toHaveAttribute('data-outcome', 'fail', { timeout: 30_000 });
  await step('connection').getByRole('button', { name: 'Go to "Address"' }).click();
  await expect(profiles.field('base_url')).toBeFocused();
  await profiles.discard();
});

test('the keyboard is enough, and the focus comes back', async ({ panel, lab }) => {
  const profiles = new Profiles(panel);
  const menu = panel.root.getByLabel('Model profile');
  await menu.focus();
  await panel.choose('Manage models');
  await expect(profiles.view.getByRole('button', { name: 'Add a profile' })).toBeFocused();
  await lab.keyboard.press('Enter');
  await expect(profiles.field('provider')).toBeFocused();
  await lab.keyboard.type('OpenAI-c');
  await expect(profiles.field('preset')).toBeVisible();
  await profiles.field('label').focus();
  await lab.keyboard.press('ControlOrMeta+a');
  await lab.keyboard.type('Typed');
  await lab.keyboard.press('Tab');
  await lab.keyboard.type(`${PROVIDER_URL}/v1`);
  await lab.keyboard.press('Tab');
  await lab.keyboard.type('scripted');
  await lab.keyboard.press('Enter');
  await expect(profiles.view).toContainText('"Typed" was added');
  await expect(profiles.line('Typed').getByRole('button').first()).toBeFocused();
  // What lies under the profiles is out of reach.
  expect(await panel.input.evaluate(input => input.closest('[inert]') !== null)).toBe(true);
  await lab.keyboard.press('Escape');
  await expect(profiles.view).toHaveCount(0);
  await expect(menu).toBeFocused();
});

test('an error whose hint lies in the profile opens it at the field', async ({ panel }) => {
  const profiles = new Profiles(panel);
  await profiles.add('Wrong');
  await profiles.close();
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  await panel.answer.getByRole('button', { name: 'Edit profile' }).click();
  await expect(profiles.field('api_key')).toBeFocused();
  await expect(profiles.field('label')).toHaveValue('Wrong');
  // Back to the answer, not to the list.
  await profiles.field('label').press('Escape');
  await expect(profiles.view).toHaveCount(0);
  await expect(panel.answer.getByRole('button', { name: 'Edit profile' })).toBeFocused();
});

test('the guide offers to connect a real model', async ({ panel }) => {
  const profiles = new Profiles(panel);
  await panel.choose('Guide');
  await panel.root.getByRole('button', { name: 'Connect a model', exact: true }).click();
  await expect(profiles.field('provider')).toBeFocused();
  await profiles.field('label').press('Escape');
  await expect(panel.input).toBeVisible();
});

test('a chat has parameters of its own over those of the profile', async ({ panel, lab }) => {
  await panel.root.getByRole('button', { name: 'Settings of this chat' }).click();
  const settings = panel.root.getByRole('group', { name: 'Settings of this chat' });
  const seed = settings.getByLabel('Seed');
  await settings.getByLabel('System prompt').fill('Answer in rhymes.');
  await settings.getByLabel('Temperature').fill('9');
  await expect(settings.getByLabel('Temperature')).toHaveAttribute('aria-invalid', 'true');
  await settings.getByLabel('Temperature').fill('0.25');
  await expect(settings.getByLabel('Temperature')).toHaveAttribute('aria-invalid', 'false');
  const checked = lab.waitForResponse(/profiles\/check/);
  await seed.fill('7');
  await checked;
  await seed.press('Escape');
  await expect(settings).toHaveCount(0);
  await expect(panel.root.getByRole('button', { name: 'Settings of this chat' })).toBeFocused();

  await panel.ask('tokens=2');
  await panel.expectFinished('stop');
  const { body } = await newestRequest();
  expect(body).toMatchObject({ temperature: 0.25, seed: 7 });
  expect(body.messages[0]).toMatchObject({ role: 'system', content: 'Answer in rhymes.' });

  await panel.root.getByRole('button', { name: 'Settings of this chat' }).click();
  const cleared = lab.waitForResponse(/profiles\/check/);
  await settings.getByRole('button', { name: 'As the profile says' }).click();
  await cleared;
  await expect(seed).toHaveValue('');
  await panel.ask('tokens=2');
  await panel.expectFinished('stop');
  expect((await newestRequest()).body).not.toHaveProperty('seed');
});
