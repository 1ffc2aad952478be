/**
 * The server's errors in the reader's language.
 *
 * The server writes English, with names and numbers in it. For other languages the sentence is chosen by the
 * error's code; the English one, which says more, goes into the details.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ErrorInfo, RunInfo } from '../protocol/generated';
import { lookUp } from './lookup';

/** Sentence and hint by the code of an error; of a notice the sentence alone. */
export function sentences(
  trans: TranslationBundle,
  values: Record<string, string>
): Record<string, [string, string?] | undefined> {
  return {
    access_blocked: [
      trans.__('A firewall or a proxy before the provider refused the request.'),
      trans.__("It may not let this server's network through; its own words are in the details.")
    ],
    answer_stalled: [
      trans.__('The model sent nothing for too long.'),
      trans.__(
        'Continue; if it recurs, check the provider, or raise timeouts.stall in the profile.'
      )
    ],
    answer_too_slow: [
      trans.__('The answer took too long.'),
      trans.__('Continue, or raise timeouts.total in the profile.')
    ],
    answer_too_long: [
      trans.__(
        'The answer was ended at %1 characters, the limit of this server.',
        values.limit ?? ''
      ),
      trans.__('Continue, or ask for less. An administrator can raise the limit.')
    ],
    answered_whole: [trans.__('This deployment does not stream: the answer came in one piece.')],
    attachment_damaged: [
      trans.__('The content of an attachment does not match its hash.'),
      trans.__('Attach it again.')
    ],
    attachment_too_large: [
      trans.__('An attachment is too large.'),
      trans.__('Attach less: selected lines, or a single cell.')
    ],
    attachments_local_only: [
      trans.__('Attachments may go to local models only.'),
      trans.__('Choose a local model, or remove the attachments.')
    ],
    attachments_off: [
      trans.__('This server takes no attachments.'),
      trans.__('Remove the attachments.')
    ],
    broken_template: [
      trans.__("The model's chat template has a mistake."),
      trans.__(
        "Correct the template in the model's folder, or choose another model; the details name the mistake."
      )
    ],
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
      values.asked
        ? trans.__(
            'The conversation has %1 tokens; the model accepts at most %2.',
            values.asked,
            values.most
          )
        : trans.__('The conversation is longer than the model can read.'),
      trans.__('Start a new chat, or shorten the question.')
    ],
    does_not_stream: [
      trans.__('This deployment does not stream, and streaming is set to on.'),
      trans.__('Set streaming to auto or off: by the switch below the question, or in the profile.')
    ],
    empty_answer: [
      trans.__('The model returned an empty answer.'),
      trans.__(
        'Ask again; if it lasts, put the question in other words, or look at the parameters of the profile.'
      )
    ],
    empty_message: [trans.__('The question is empty.'), trans.__('Write something first.')],
    empty_stream: [
      trans.__(
        'The stream came without anything in it: the answer was asked for again, in one piece.'
      )
    ],
    ended_early: [
      trans.__('The provider ended the answer before it was complete.'),
      trans.__('Continue, or ask again; what had arrived is kept.')
    ],
    engine_restarted: [
      trans.__('The local engine was restarted.'),
      trans.__('Ask again; what had arrived is kept.')
    ],
    engine_unusable: [
      trans.__('The local engine could not be started.'),
      trans.__('The details say what is missing.')
    ],
    forbidden: [trans.__('You may not do this.'), trans.__('Ask the administrator of the server.')],
    hub_token: [
      trans.__('The Hugging Face token cannot be used.'),
      trans.__('Correct it where the Jupyter server starts, or remove it: public models need none.')
    ],
    internal_error: [
      trans.__('An error occurred in the Jupyter server.'),
      trans.__("See the server's log.")
    ],
    invalid_parameter: [
      trans.__('A parameter of this profile is not valid.'),
      trans.__('The details say which one.')
    ],
    key_not_allowed: [
      trans.__(
        'The key in %1 may not be sent to %2.',
        values.variable ?? '',
        values.destination ?? ''
      ),
      trans.__(
        'Type the key in, or ask the administrator to add it to c.StreamChat.key_destinations.'
      )
    ],
    key_not_saved: [
      trans.__('The key could not be saved: the data folder cannot be written.'),
      trans.__('Free space, correct its permissions, or put the key into an environment variable.')
    ],
    learned_how_to_ask: [
      trans.__(
        'The model refused the request for its form, twice and each time for another reason.'
      ),
      trans.__('Ask again: the next request has the form that it takes.')
    ],
    load_failed: [
      trans.__('The model could not be loaded.'),
      trans.__('It may be damaged, or no chat model; choose another one.')
    ],
    lora_adapter: [
      trans.__('This is a LoRA adapter, not a model.'),
      trans.__('Merge it with its model, or choose the merged model.')
    ],
    malformed_answer: [
      trans.__("The provider's response does not follow OpenAI's protocol."),
      trans.__('Check the address with its path; if it worked before, ask again.')
    ],
    message_too_long: [trans.__('The question is too long.'), trans.__('Shorten it.')],
    missing_package: [
      trans.__('The model needs a Python package that is not installed.'),
      trans.__('The details name it; install it where the Jupyter server runs.')
    ],
    missing_weights: [
      trans.__("The model's files lack some of its weights."),
      trans.__('Download the model again, or choose another model.')
    ],
    model_refused: [
      trans.__('The model refused to answer.'),
      trans.__('Put the question in other words; what it said is in the details.')
    ],
    no_answer: [trans.__('Only an answer can be continued.'), trans.__('Ask a question.')],
    no_chat_template: [
      trans.__('This model has no chat template, so it cannot chat.'),
      trans.__('Choose a chat model.')
    ],
    no_first_token: [
      trans.__('No first word came in time.'),
      trans.__(
        'Try again; if it lasts, check the provider, or raise timeouts.first_token in the profile.'
      )
    ],
    no_model_list: [
      trans.__('This provider has no list of models.'),
      trans.__("Type the model's name.")
    ],
    no_network: [
      trans.__('The model is not on this machine, and the hub cannot be reached.'),
      trans.__('Check the network, or give the folder of a model that is here.')
    ],
    no_profile: [
      trans.__('No model can be used yet.'),
      trans.__('Add a profile: by the pencil below the question.')
    ],
    no_safetensors: [
      trans.__('The model has no weights in the safetensors format.'),
      trans.__('Choose a model that has them.')
    ],
    no_tls: [
      trans.__('The address begins with the wrong one of "http://" and "https://".'),
      trans.__('The details say which one the server speaks.')
    ],
    not_a_number: [
      trans.__(
        'The model computes invalid numbers (NaN): its weights are damaged, or their type is too narrow.'
      ),
      trans.__('Load it with the type float32, or download it again.')
    ],
    not_causal: [
      trans.__('This is not a causal language model.'),
      trans.__('Choose a causal chat model.')
    ],
    not_saved: [
      trans.__('Chats are not being saved: they are kept in memory only.'),
      trans.__('Free space on the disk, or check the permissions of the data folder.')
    ],
    only_reasoning: [
      trans.__('The model wrote its reasoning and no answer.'),
      trans.__('Ask again, or raise max_tokens: reasoning counts too.')
    ],
    only_tool_calls: [
      trans.__('The model called a tool instead of answering, and this chat has no tools.'),
      trans.__('Ask again, or ask for an answer in words.')
    ],
    out_of_memory: [
      trans.__('The model does not fit into memory.'),
      trans.__('Choose a smaller model, or close other programs that use the memory.')
    ],
    parameter_refused: [
      trans.__('The model does not take the parameter %1 as it is set.', values.parameter ?? ''),
      trans.__("Take it out of the profile's or the chat's parameters, or change it.")
    ],
    paused_too_long: [
      trans.__("The answer was paused longer than the provider's text can be held back."),
      trans.__('What was shown is kept; Continue goes on from there.')
    ],
    private_address: [
      trans.__("The address lies inside the server's network."),
      trans.__(
        'Enter a public address, or ask the administrator to set c.StreamChat.private_addresses.'
      )
    ],
    profile_exists: [
      trans.__('There is a profile of this name already.'),
      trans.__('Choose another name.')
    ],
    profile_unusable: [
      trans.__('This profile cannot be used as it stands.'),
      trans.__('See the details for what is missing.')
    ],
    profiles_locked: [
      trans.__('The administrator of this server chooses the profiles.'),
      trans.__('Ask the administrator for the profile that you need.')
    ],
    quantization_unavailable: [
      trans.__('The model cannot be loaded in so few bits on this machine.'),
      trans.__('Choose another quantization in the profile; the details say which are possible.')
    ],
    download_failed: [
      trans.__('The download ended before the model was complete.'),
      trans.__('Download it again: it goes on where it was.')
    ],
    model_busy: [
      trans.__('The model is in use.'),
      trans.__('Wait until its answer or its download has ended, or stop it.')
    ],
    not_deleted: [
      trans.__('The model could not be deleted from the disk.'),
      trans.__('Check the rights on the folder of the Hugging Face cache.')
    ],
    unfit_draft_model: [
      trans.__('The draft model does not fit this model.'),
      trans.__('Choose a smaller model of the same family as the draft model, or none.')
    ],
    provider_busy: [
      trans.__('The provider is overloaded at the moment.'),
      trans.__('Wait a moment and ask again.')
    ],
    provider_error: [
      trans.__('The provider reported an error.'),
      trans.__('The details say what happened.')
    ],
    proxy_failed: [
      trans.__('The proxy on the way to the provider did not let the request through.'),
      trans.__(
        'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the Jupyter server.'
      )
    ],
    proxy_package_missing: [
      trans.__(
        'The proxy of the environment is a SOCKS proxy, and a package for it is not installed.'
      ),
      trans.__(
        'Run: pip install socksio, and restart Jupyter; or set NO_PROXY for the host of the provider.'
      )
    ],
    question_dropped: [
      trans.__("The model's chat template leaves the question out of the prompt."),
      trans.__("Correct the template in the model's folder, or choose another model.")
    ],
    quota_used_up: [
      trans.__("The account's quota is used up."),
      trans.__("Check the account's plan and billing.")
    ],
    rate_limited: [
      trans.__('The provider has received too many requests with this key.'),
      trans.__('Wait a minute and ask again.')
    ],
    records_damaged: [
      trans.__('Some saved records could not be read. They were put aside; all others work.'),
      trans.__('The files are named after the records. Delete them to end this notice.')
    ],
    region_refused: [
      trans.__('The provider does not serve the country or region from which this server asks.'),
      trans.__(
        "Choose another provider, or ask the administrator; the provider's own words are in the details."
      )
    ],
    repeats_itself: [
      trans.__('The provider sent the text again and again; each part is shown once.')
    ],
    server_redirects: [
      trans.__('The server at the address of the provider redirects to another address.'),
      trans.__('If you trust the other address, enter it in the profile; the details name it.')
    ],
    server_restarted: [
      trans.__('The server stopped during this answer. What it had written is kept.'),
      trans.__('Continue, or ask again.')
    ],
    server_unreachable: [
      trans.__('The Jupyter server cannot be reached.'),
      trans.__('Check the connection and try again; what is typed stays.')
    ],
    several_choices: [
      trans.__('The provider sent several answers at once; the first one is shown.')
    ],
    stream_cut: [
      trans.__('The provider closed the stream before the answer was complete.'),
      trans.__('Continue it, or ask again; what had arrived is kept.')
    ],
    store_damaged: [
      trans.__(
        'The saved chats were damaged. They have been put aside, and a new store was begun.'
      ),
      trans.__('Repair the file, or restore a copy in its place; delete it to end this notice.')
    ],
    store_gone: [
      trans.__('Chats are not being saved: the folder of the saved chats was deleted or replaced.'),
      trans.__('They are saved again as soon as the data folder can be written.')
    ],
    store_locked: [
      trans.__('Chats are not being saved: another program holds the file of the saved chats.'),
      trans.__('Close the program that has the file open; then they are saved by themselves.')
    ],
    streaming_failed: [
      trans.__('Streaming failed on this deployment: the answer came in one piece.')
    ],
    template_refused: [
      trans.__("The model's chat template does not take this conversation."),
      trans.__('Start a new chat, or take the system prompt out of the profile.')
    ],
    timeout: [
      trans.__('The provider did not answer in time.'),
      trans.__('Try again; if it lasts, check the address and the network.')
    ],
    pictures_not_taken: [
      trans.__('The model takes no pictures.'),
      trans.__('Remove them, or choose another model.')
    ],
    pictures_refused: [
      trans.__('%1 refused the question with its pictures.', values.model ?? ''),
      trans.__('Send it without pictures, or choose a model that takes them.')
    ],
    too_many_attachments: [
      trans.__('The question has too many attachments.'),
      trans.__('Remove some of them.')
    ],
    too_many_open_chats: [
      trans.__('This page has as many chats open as its limit allows.'),
      trans.__('Close another page of this server first.')
    ],
    too_many_profiles: [
      trans.__('You have reached the limit of profiles.'),
      trans.__('Delete one that is no longer used.')
    ],
    too_many_queued_runs: [
      trans.__('The queue for the local model is full.'),
      trans.__('Wait, or choose another model.')
    ],
    too_many_runs: [
      trans.__('The server is already writing as many answers as its limit allows.'),
      trans.__('Wait until one has ended.')
    ],
    tool_calls: [
      trans.__('The model also called a tool; this chat has none, so nothing was done.')
    ],
    too_many_trials: [
      trans.__('Too many profiles are being tried or examined.'),
      trans.__('Wait until one has ended.')
    ],
    turns_left_out: [
      trans.__(
        'The model was not sent the beginning of this conversation: its context has no room for it.'
      )
    ],
    unknown_prompt: [
      trans.__('What the model was sent for this answer is not kept any more.'),
      trans.__('The requests of the last answers are kept until the server restarts.')
    ],
    unknown_api_version: [
      trans.__('The provider does not know this API version.'),
      trans.__('Choose another api_version, for example "2024-10-21".')
    ],
    import_damaged: [
      trans.__('This file is not a chat as the panel saves it.'),
      trans.__('Choose a file that was saved as JSON.')
    ],
    unknown_attachment: [
      trans.__('The content of an attachment is not on the server.'),
      trans.__('Attach it again.')
    ],
    unknown_chat: [trans.__('This chat does not exist any more.'), trans.__('Start a new chat.')],
    unknown_host: [
      trans.__('The host of the provider cannot be found.'),
      trans.__('Check the address for a misspelling, and the network.')
    ],
    unknown_message: [
      trans.__('This message does not exist any more.'),
      trans.__('Reload the page.')
    ],
    unknown_model: [
      trans.__('The provider does not know this model or deployment.'),
      trans.__("Check the model's name, and the address with its path.")
    ],
    unknown_profile: [
      trans.__('This profile does not exist any more.'),
      trans.__('Choose another profile.')
    ],
    unreadable_model: [
      trans.__("The model's folder or files cannot be read: permission denied."),
      trans.__('Give the user that runs the Jupyter server permission to read them.')
    ],
    unsupported_architecture: [
      trans.__("The local engine cannot run this model's architecture."),
      trans.__('Choose a model of another architecture, or serve this one with another program.')
    ],
    untrusted_certificate: [
      trans.__('The connection to the provider is not trusted.'),
      trans.__('Check the address; a company proxy needs its certificate.')
    ],
    went_on_repeating: [
      trans.__('The answer repeats itself; it was not stopped, because nobody could be asked.')
    ],
    wrong_key: [
      trans.__('The provider does not accept the key.'),
      trans.__("Check the profile's API key.")
    ],
    wrong_path: [
      trans.__('The server has no chat completions at this address.'),
      trans.__('Check the path of the address; of most servers it ends in /v1.')
    ]
  };
}

/** The error as this reader reads it. */
export function localize(error: ErrorInfo, trans: TranslationBundle, language: string): ErrorInfo {
  const translated = lookUp(sentences(trans, error.values ?? {}), error.code);
  if (language.startsWith('en') || !translated) {
    return error;
  }
  const [message, hint] = translated;
  const original = [error.message, error.hint].filter(Boolean).join(' ');
  return { ...error, message, hint, detail: [original, error.detail].filter(Boolean).join('\n') };
}

/** The run with what is said of it as this reader reads it. */
export function localizeRun(run: RunInfo, localize: (said: ErrorInfo) => ErrorInfo): RunInfo {
  return {
    ...run,
    error: run.error && localize(run.error),
    notice: run.notice && localize(run.notice)
  };
}

const ADDRESS = ['base_url', 'azure_endpoint'];
const MODEL = ['model', 'azure_deployment'];

/** Fields of a profile whose change cures an error, where the error does not name the one that is wrong. */
const CURED_BY: Record<string, readonly string[] | undefined> = {
  answer_stalled: ['timeouts.stall'],
  answer_too_slow: ['timeouts.total'],
  broken_template: MODEL,
  connection_refused: ADDRESS,
  does_not_stream: ['streaming'],
  invalid_parameter: ['parameters.temperature'],
  lora_adapter: MODEL,
  missing_weights: MODEL,
  no_chat_template: MODEL,
  no_first_token: ['timeouts.first_token'],
  no_network: MODEL,
  no_safetensors: MODEL,
  not_causal: MODEL,
  out_of_memory: MODEL,
  profile_unusable: [],
  question_dropped: MODEL,
  unknown_host: ADDRESS,
  unknown_model: MODEL,
  unsupported_architecture: MODEL,
  untrusted_certificate: ADDRESS,
  wrong_key: ['api_key', 'api_key_env']
};

/** The profile's fields to look at after an error of a run; null: its hint lies elsewhere. */
export function fieldsToMend({ code, field }: ErrorInfo): readonly string[] | null {
  return field ? [field] : (lookUp(CURED_BY, code) ?? null);
}
