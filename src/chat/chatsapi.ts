/**
 * The REST routes that search in chats, import and delete one, typed.
 */
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import { request } from '../connection/rest';
import type { ChatInfo } from '../protocol/generated';

/** A title or a message in which all words of the query occur. */
export interface ISearchHit {
  readonly chat_id: string;
  /** The chat's. */
  readonly title: string;
  /** Absent: the words are in the title. */
  readonly message_id?: string;
  readonly role?: 'user' | 'assistant' | 'system';
  /** Seconds since the epoch. */
  readonly created_at: number;
  readonly excerpt: readonly { readonly text: string; readonly is_match: boolean }[];
}

export interface ISearchResults {
  readonly hits: readonly ISearchHit[];
  readonly has_more: boolean;
}

export class ChatsApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** @throws CommandError when the server refuses, or cannot be reached. */
  async search(query: string): Promise<ISearchResults> {
    const options = URLExt.objectToQueryString({ query, limit: 50 });
    return (await this._json(`search${options}`)) as ISearchResults;
  }

  /**
   * Make a chat of an exported file's text.
   *
   * @returns the new chat's id.
   * @throws CommandError when the server refuses, or cannot be reached.
   */
  async importChat(body: string): Promise<string> {
    const made = (await this._json('import', { method: 'POST', body })) as { chat: ChatInfo };
    return made.chat.chat_id;
  }

  /** Delete a chat, also while the page is being left. */
  async deleteChat(chatId: string): Promise<void> {
    await this._json(`chats/${chatId}`, { method: 'DELETE', keepalive: true });
  }

  private async _json(path: string, init?: RequestInit): Promise<unknown> {
    return (await request(this._settings, path, init)).json();
  }
}
