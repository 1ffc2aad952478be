/**
 * One request to the REST routes of the server, with its refusals as `CommandError`.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { CommandError } from './connection';
import { refusal, UNREACHABLE } from './refusal';

/**
 * Send a request.
 *
 * @throws CommandError when the server refuses, or cannot be reached.
 */
export async function request(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit = {}
): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, 'stream-chat/api', path);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    // What was given up looks like a lost network, too.
    const isLost = error instanceof ServerConnection.NetworkError && !init.signal?.aborted;
    throw isLost ? new CommandError(UNREACHABLE) : error;
  }
  if (!response.ok) {
    throw new CommandError(await refusal(response));
  }
  return response;
}
