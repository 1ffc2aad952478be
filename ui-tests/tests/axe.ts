/** What axe finds wrong for people who use assistive technology. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** @param selector - what is looked at, with all that it holds. */
export async function expectNoViolations(page: Page, selector = '.jp-StreamChat'): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include(selector)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  const found = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n')}`
  );
  expect(found).toEqual([]);
}
