/**
 * Uploads contents of attachments, each by its hash; reads those of questions that were asked, and whole requests.
 */
import type { ServerConnection } from '@jupyterlab/services';
import { request } from '../connection/rest';
import type { IContextContent } from './kinds';
import { sha256 } from './sha256';

/** A message of a request, as the model was sent it. */
export interface ISentMessage {
  readonly role: string;
  readonly text: string;
  readonly pictures: readonly { readonly media_type: string; readonly base64: string }[];
}

export class AttachmentApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /**
   * Bring a content to the server.
   *
   * @returns its hash.
   * @throws CommandError when the server refuses, or cannot be reached.
   */
  async put({ text, mediaType = 'text/plain' }: IContextContent): Promise<string> {
    const hash = sha256(new TextEncoder().encode(text));
    const body = JSON.stringify({ text, media_type: mediaType });
    await request(this._settings, `attachments/${hash}`, { method: 'PUT', body });
    return hash;
  }

  /** The content with a hash. @throws CommandError */
  async get(hash: string): Promise<string> {
    return (await request(this._settings, `attachments/${hash}`)).text();
  }

  /** What the model was sent for a run. @throws CommandError */
  async sent(runId: string): Promise<readonly ISentMessage[]> {
    const response = await request(this._settings, `runs/${runId}/prompt`);
    return ((await response.json()) as { messages: readonly ISentMessage[] }).messages;
  }
}
