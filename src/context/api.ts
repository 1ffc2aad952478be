/**
 * Uploads contents of attachments, each by its hash; reads those of questions that were asked.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { CommandError } from '../connection/connection';
import { refusal, UNREACHABLE } from '../connection/refusal';
import type { IContextContent } from './kinds';
import { sha256 } from './sha256';

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
    await this._request(hash, { method: 'PUT', body });
    return hash;
  }

  /** The content with a hash. @throws CommandError */
  async get(hash: string): Promise<string> {
    return (await this._request(hash, {})).text();
  }

  private async _request(hash: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'stream-chat/api/attachments', hash);
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
