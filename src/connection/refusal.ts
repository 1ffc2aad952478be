/**
 * What a response of the REST API that is no success says.
 */
import type { ErrorInfo } from '../protocol/generated';

export const UNREACHABLE: ErrorInfo = {
  code: 'server_unreachable',
  message: 'The Jupyter server cannot be reached.',
  hint: 'Check the connection and try again; what is typed stays.'
};

export async function refusal(response: Response): Promise<ErrorInfo> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { error: ErrorInfo }).error;
  } catch {
    // A proxy in between answers with a page of its own.
    return {
      code: 'internal_error',
      message: `The server answered ${response.status} ${response.statusText}.`,
      detail: text.slice(0, 2000)
    };
  }
}
