/**
 * The REST route that rewrites an answer for the Markdown cells of a notebook.
 */
import type { ServerConnection } from '@jupyterlab/services';
import { request } from '../connection/rest';

/**
 * Rewrite Markdown as models write it, so that every reader of notebooks shows it as it was meant.
 *
 * @throws CommandError when the server refuses, or cannot be reached.
 */
export async function rewriteMarkdown(
  settings: ServerConnection.ISettings,
  text: string
): Promise<string> {
  const response = await request(settings, 'notebook-markdown', {
    method: 'POST',
    body: JSON.stringify({ text })
  });
  return ((await response.json()) as { text: string }).text;
}
