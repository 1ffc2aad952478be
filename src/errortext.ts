/**
 * The server's errors in the reader's language.
 *
 * The server writes English, with names and numbers in it. For other languages the sentence is chosen by the
 * error's code; the English one, which says more, goes into the details.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ErrorInfo } from './protocol/generated';

/** Sentence and cure by error code. */
function sentences(trans: TranslationBundle): Record<string, [string, string] | undefined> {
  return {
    chat_busy: [
      trans.__('This chat is writing an answer.'),
      trans.__('Wait for its end, or stop it.')
    ],
    chat_read_only: [
      trans.__('An answer of this chat is being written by another server.'),
      trans.__('Wait for its end, or use that server.')
    ],
    connection_lost: [
      trans.__('The connection to the provider broke.'),
      trans.__('Ask again; what had arrived is kept.')
    ],
    connection_refused: [
      trans.__('Nothing answers at the address of the provider.'),
      trans.__('Check the address, and that the server there is running.')
    ],
    content_filter: [
      trans.__("The provider's content filter refused the question."),
      trans.__('Put the question in other words.')
    ],
    context_too_long: [
      trans.__('The conversation is longer than the model can read.'),
      trans.__('Start a new chat, or shorten the question.')
    ],
    engine_restarted: [
      trans.__('The local engine was restarted.'),
      trans.__('Ask again; what had arrived is kept.')
    ],
    forbidden: [trans.__('You may not do this.'), trans.__('Ask the administrator of the server.')],
    message_too_long: [trans.__('The question is too long.'), trans.__('Shorten it.')],
    no_profile: [
      trans.__('No model can be used yet.'),
      trans.__('Configure a profile; the README says how.')
    ],
    not_saved: [
      trans.__('Chats are not being saved: they live in memory only.'),
      trans.__('Free space on the disk or check the rights of the data folder.')
    ],
    out_of_memory: [
      trans.__('The model does not fit into memory.'),
      trans.__('Choose a smaller model, or close other programs that use the memory.')
    ],
    profile_unusable: [
      trans.__('This profile cannot be used as it stands.'),
      trans.__('See the details for what is missing.')
    ],
    rate_limited: [
      trans.__('The provider has had too many requests from this key.'),
      trans.__('Wait a minute and ask again.')
    ],
    server_restarted: [
      trans.__('The server stopped during this answer. What it had written is kept.'),
      trans.__('Ask again, or ask to go on.')
    ],
    timeout: [
      trans.__('The provider did not answer in time.'),
      trans.__('Try again; if it lasts, check the address and the network.')
    ],
    too_many_runs: [
      trans.__('The server is writing as many answers as it may.'),
      trans.__('Wait until one has ended.')
    ],
    unknown_host: [
      trans.__('The host of the provider cannot be found.'),
      trans.__('Check the address for a misspelling, and the network.')
    ],
    unknown_model: [
      trans.__('The provider does not know this model or deployment.'),
      trans.__("Check the model's name, and the address with its path.")
    ],
    wrong_key: [
      trans.__('The provider does not accept the key.'),
      trans.__("Check the profile's API key.")
    ]
  };
}

/** The error as this reader reads it. */
export function localize(error: ErrorInfo, trans: TranslationBundle, language: string): ErrorInfo {
  const translated = sentences(trans)[error.code];
  if (language.startsWith('en') || !translated) {
    return error;
  }
  const [message, cure] = translated;
  const original = [error.message, error.cure].filter(Boolean).join(' ');
  return { ...error, message, cure, detail: [original, error.detail].filter(Boolean).join('\n') };
}
