/**
 * What the doctor found, in the reader's language.
 *
 * The server writes English. For other languages the sentence is chosen by the finding's code, and made of
 * the same values; that of an error is `errors`'s.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { sentences } from './errors';
import { fieldText } from './fields';
import type { DoctorStep } from '../protocol/generated';
import { lookUp } from './lookup';

/** A sentence, and the hint where something is wrong. */
type Words = [string, string?];

/** What the doctor looks at, by the name of the step. */
function titles(trans: TranslationBundle): Record<string, string | undefined> {
  return {
    buffering: trans.__('Pieces arrive as they are written'),
    callbacks: trans.__('Every token is logged and forwarded'),
    configuration: trans.__('Configuration'),
    connection: trans.__('Connection and TLS'),
    direct: trans.__('One call, without LangChain'),
    direct_streamed: trans.__('Streamed, without LangChain'),
    key: trans.__('Key'),
    key_accepted: trans.__('Key accepted'),
    langchain: trans.__('One call, through LangChain'),
    langchain_streamed: trans.__('Streamed, through LangChain'),
    name: trans.__('Name resolution'),
    remembered: trans.__('What earlier questions found out'),
    socket: trans.__('The way to this page'),
    stop: trans.__('Stop'),
    tracing: trans.__('Tracing')
  };
}

/** What can be remembered of a deployment, by the name of the limitation. */
function limitations(trans: TranslationBundle): Record<string, string | undefined> {
  return {
    fails_streaming: trans.__(
      'Streaming failed lately: for ten minutes answers come in one piece.'
    ),
    opens_reasoning: trans.__(
      'Its answers begin inside their reasoning: text before the closing tag is shown as such.'
    ),
    refuses_stream_options: trans.__(
      'It refuses stream_options: answers that stream have no token counts.'
    ),
    refuses_streaming: trans.__('It does not stream: answers come in one piece.'),
    streams_only: trans.__('It only streams: answers in one piece are collected from a stream.'),
    refuses_pictures: trans.__('It refuses pictures: questions are sent without them.'),
    wants_reasoning: trans.__('It asks for the reasoning of earlier answers: it is sent with them.')
  };
}

/** What can be found, by code: the same as in the server's `doctor/findings.py`. */
function findings(
  step: DoctorStep,
  [error, hint = '']: Words,
  trans: TranslationBundle
): Record<string, Words | undefined> {
  const values = step.values ?? {};
  const counted = trans.__(
    '%1 tokens reported, %2 logged, %3 forwarded.',
    values.tokens,
    values.logged,
    values.forwarded
  );
  const kept = trans.__("Nothing that was received is lost; the server's log says what broke.");
  const inOnePiece = trans.__('The deployment does not stream: answers come in one piece.');
  const released = trans.__('The provider disconnected %1 ms after Stop.', values.ms);
  const hostNotFound = trans.__('The host %1 cannot be found.', values.host);
  const tooSlow = trans.__('It did not finish within %1 s.', values.seconds);
  return {
    answered: [trans.__('Answered: %1', values.text)],
    collected: [
      trans.__(
        'The stream arrived in bursts, after %1 s of silence: a proxy is buffering it.',
        values.seconds
      ),
      trans.__(
        'Switch buffering off in the proxy in front of the provider (nginx: proxy_buffering off, gzip off; see docs/deployment.md). On Azure set the content filter to asynchronous.'
      )
    ],
    complete_before_stop: [trans.__('The answer was complete before Stop could be tried.')],
    configured: [`${values.provider}: ${values.model}`],
    configured_at: [`${values.provider}: ${values.model} (${values.endpoint})`],
    connected: [trans.__('Not encrypted; the server answers.')],
    connected_by_tls: [
      trans.__('%1, and the certificate is trusted; the server answers.', values.tls)
    ],
    counted: [counted],
    counts_differ: [counted, kept],
    empty_stream: [
      trans.__('The stream came without anything in it; once may be chance.'),
      trans.__(
        'Run the doctor again. If it recurs, set streaming to off, and no question is asked twice.'
      )
    ],
    entra_id: [trans.__('None is needed: it signs in with Entra ID.')],
    host_found: [trans.__('%1 is %2.', values.host, values.address)],
    host_not_found: [
      hostNotFound,
      trans.__('Check the address for a misspelling, and the network.')
    ],
    in_one_piece: [inOnePiece, trans.__('Set streaming to off, and no question is asked twice.')],
    in_one_piece_as_set: [inOnePiece],
    key_in_variable: [trans.__('From the environment variable %1.', values.variable)],
    key_there: [trans.__('There is one.')],
    left_out: [
      trans.__('Skipped: depends on %1.', lookUp(titles(trans), values.step) ?? values.step)
    ],
    models_listed: [trans.__('The provider lists its models.')],
    must_stream: [
      trans.__('The deployment does not stream, and streaming is set to on.'),
      trans.__('Set streaming to auto or off: answers then come in one piece.')
    ],
    no_key: [trans.__('The profile has none, and none is sent.')],
    no_models_list: [
      trans.__(
        'There is no list of models to check it with: the next call will show whether it is accepted.'
      )
    ],
    not_collected: [trans.__('No sign that a proxy buffers the stream.')],
    not_released: [
      trans.__('The provider did not disconnect: it continues its answer, unseen.'),
      trans.__("Report it, with the provider's name: its client ignores cancellation.")
    ],
    nothing_remembered: [trans.__('Nothing: each question is asked in the usual form.')],
    nothing_streamed: [trans.__('Nothing was streamed.')],
    nothing_to_count: [trans.__('Skipped: no answer came through LangChain.')],
    pieces: [trans.__('%1 pieces, the first after %2 ms.', values.count, values.ms)],
    proxy_found: [
      trans.__('Through the proxy of the environment: %1 is %2.', values.host, values.address)
    ],
    proxy_not_found: [
      hostNotFound,
      trans.__(
        'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the Jupyter server.'
      )
    ],
    refused: [error, hint],
    refused_with_parameters: [
      error,
      [hint, trans.__("The call without parameters works: look at the profile's parameters.")].join(
        ' '
      )
    ],
    remembered: [
      (values.findings ?? '')
        .split(',')
        .map(name => lookUp(limitations(trans), name) ?? name)
        .join(' '),
      trans.__('Forget it if the deployment has changed: the next question finds out anew.')
    ],
    released: [released],
    released_late: [released, trans.__('Try again when the machine is less busy.')],
    socket_closed: [
      trans.__('Nothing came over a WebSocket to this server within %1 s.', values.seconds),
      trans.__(
        'Let the proxy in front of Jupyter pass WebSockets on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; see docs/deployment.md).'
      )
    ],
    socket_open: [
      trans.__('A WebSocket to this server opens, and is answered after %1 ms.', values.ms)
    ],
    socket_slow: [
      trans.__('A WebSocket to this server opens, and is answered after %1 ms.', values.ms),
      trans.__(
        'Check whether something between this page and Jupyter buffers frames (nginx: proxy_buffering off; see docs/deployment.md), or whether the machine is busy.'
      )
    ],
    stop_not_tried: [trans.__('Could not be tried: %1', error)],
    streaming_fails: [
      trans.__('The deployment does not stream at the moment: the streamed request failed.'),
      trans.__('If it lasts, set streaming to off, and no question is asked twice.')
    ],
    streams_only: [
      trans.__('The model only streams: a request for one piece is refused.'),
      trans.__(
        'Nothing to change: with streaming off its stream is collected and shown in one piece.'
      )
    ],
    tokens: [trans.__('%1 tokens, the first after %2 ms.', values.count, values.ms)],
    too_slow: [
      tooSlow,
      trans.__('Check the address and the network; if the model is only slow, give it more time.')
    ],
    too_slow_streamed: [tooSlow, trans.__('Set streaming to off, if the call in one piece works.')],
    tracing_not_allowed: [
      trans.__('Off, although the environment has %1: c.StreamChat.tracing decides.', values.switch)
    ],
    tracing_off: [trans.__('Tracing is off.')],
    tracing_on: [
      trans.__('On: LangChain sends every chat to %1.', values.endpoint),
      trans.__('If that is not wanted, set c.StreamChat.tracing to False.')
    ],
    unreported: [
      [
        counted,
        trans.__(
          'LangChain did not report %1 characters; they were shown nevertheless.',
          values.characters
        )
      ].join(' '),
      kept
    ]
  };
}

/** The error that a finding is about; of a profile's field, its name says more than the code. */
function errorOf(step: DoctorStep, trans: TranslationBundle): Words | undefined {
  const { error_code: code, field } = step;
  const words = lookUp(sentences(trans, step.values ?? {}), code ?? '');
  if (code !== 'profile_unusable' || !field) {
    return words;
  }
  const { label, hint } = fieldText(field, trans);
  return [trans.__('"%1" cannot be used like this.', label), hint ?? words?.[1]];
}

/** A step of the doctor as this reader reads it; the English words of an error say more, and are in the details. */
export function localizeStep(
  step: DoctorStep,
  trans: TranslationBundle,
  language: string
): DoctorStep {
  const error = errorOf(step, trans);
  const words = lookUp(findings(step, error ?? ['', ''], trans), step.code);
  // What the page found itself has no words yet.
  const isEnglish = language.startsWith('en') && step.message !== '';
  if (isEnglish || !words || (step.error_code && !error)) {
    return step;
  }
  const [message, hint] = words;
  const original = step.error_code ? [step.message, step.hint] : [];
  const detail = [...original, step.detail].filter(Boolean).join('\n') || null;
  return {
    ...step,
    title: lookUp(titles(trans), step.name) ?? step.title,
    message,
    hint: hint?.trim() || null,
    detail
  };
}
