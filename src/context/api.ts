/**
 * Uploads contents of attachments, each by its hash; reads those of questions that were asked, and whole requests.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { CommandError } from '../connection/connection';
import { refusal, UNREACHABLE } from '../connection/refusal';
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
    await this._request(`attachments/${hash}`, { method: 'PUT', body });
    return hash;
  }

  /** The content with a hash. @throws CommandError */
  async get(hash: string): Promise<string> {
    return (await this._request(`attachments/${hash}`, {})).text();
  }

  /** What the model was sent for a run. @throws CommandError */
  async sent(runId: string): Promise<readonly ISentMessage[]> {
    const response = await this._request(`runs/${runId}/prompt`, {});
    return ((await response.json()) as { messages: readonly ISentMessage[] }).messages;
  }

  private async _request(path: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'stream-chat/api', path);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      const isLost = error instanceof ServerConnection.NetworkError;
      throw isLost ? new CommandError(UNREACHABLE) : error;
    }
    if (!response.ok) {
      throw new CommandError(await refusal(response));
    }
    return response;
  }
}
