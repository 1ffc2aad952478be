/** Profiles in the panel as a test sees them. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { Panel } from './panel';
import { PROVIDER_URL } from './provider';
import { LAB_URL } from './servers';

/** Delete what tests added; the profiles of the configuration stay. */
export async function deleteAdded(page: Page): Promise<void> {
  await page.evaluate(async base => {
    const url = `${base}/stream-chat/api/profiles`;
    const { profiles } = (await (await fetch(url)).json()) as {
      profiles: { profile_id: string; locked: boolean }[];
    };
    const xsrf = /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
    for (const { profile_id } of profiles.filter(({ locked }) => !locked)) {
      await fetch(`${url}/${profile_id}`, { method: 'DELETE', headers: { 'X-XSRFToken': xsrf } });
    }
  }, LAB_URL);
}

export class Profiles {
  constructor(readonly panel: Panel) {
    this.view = panel.root.getByRole('dialog');
    this.save = this.view.getByRole('button', { name: 'Save' });
  }

  readonly view: Locator;
  readonly save: Locator;

  /** A field of the form, by its name among the profile's values. */
  field(name: string): Locator {
    return this.view.locator(`[name="${name}"]`);
  }

  /** What the form says of a field: its hint, and what is wrong. */
  async said(name: string): Promise<string> {
    const ids = (await this.field(name).getAttribute('aria-describedby'))!.split(' ');
    const texts = ids.map(id => this.view.locator(`[id="${id}"]`).textContent());
    return (await Promise.all(texts)).join(' ').trim();
  }

  async expectProblem(name: string, problem: RegExp): Promise<void> {
    await expect(this.field(name)).toHaveAttribute('aria-invalid', 'true');
    await expect.poll(() => this.said(name)).toMatch(problem);
  }

  line(label: string): Locator {
    return this.view
      .getByRole('listitem')
      .filter({ has: this.panel.page.getByText(label, { exact: true }) });
  }

  async openList(): Promise<void> {
    await this.panel.choose('Manage models');
    await expect(this.view).toBeVisible();
  }

  /** Open the form of a new profile of a server of the tests' own. */
  async openNew(): Promise<void> {
    await this.openList();
    await this.view.getByRole('button', { name: 'Add a profile' }).click();
    await this.field('provider').selectOption('openai-compatible');
  }

  /** Add a profile that the scripted provider answers. */
  async add(label: string, key = ''): Promise<void> {
    await this.openNew();
    await this.field('label').fill(label);
    await this.field('base_url').fill(`${PROVIDER_URL}/v1`);
    await this.field('model').fill('scripted');
    await this.field('api_key').fill(key);
    await this.save.click();
    await expect(this.view).toContainText(`"${label}" was added`);
  }

  async open(label: string): Promise<void> {
    await this.line(label).getByRole('button').first().click();
    await expect(this.save).toBeVisible();
  }

  /** Leave the form without what was typed, and the list. */
  async discard(): Promise<void> {
    await this.field('label').press('Escape');
    await this.panel.page.locator('.jp-Dialog').getByRole('button', { name: 'Discard' }).click();
    await this.close();
  }

  async close(): Promise<void> {
    await this.view.getByRole('button', { name: 'Close' }).click();
  }
}
