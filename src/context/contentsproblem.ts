/**
 * Why Jupyter's contents manager gives no content, as a sentence for the user.
 */
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ContextError } from './kinds';

/** The reason for which a file or a folder cannot be read. */
export function unreadable(path: string, error: unknown, trans: TranslationBundle): ContextError {
  console.warn('jupyter-stream-chat:', error);
  const status = error instanceof ServerConnection.ResponseError ? error.response.status : null;
  switch (status) {
    case 400:
      return new ContextError(trans.__('%1 cannot be read: its content is damaged.', path));
    case 403:
      return new ContextError(trans.__('%1 cannot be read: the server does not allow it.', path));
    case 404:
      return new ContextError(
        trans.__('%1 cannot be read: it may have been moved or deleted.', path)
      );
    default:
      return new ContextError(trans.__('%1 cannot be read: the server does not answer.', path));
  }
}
