/**
 * Names of what a profile is made of, and what is wrong with it, in the reader's language.
 *
 * Which fields there are is the server's to say (`GET providers`); a field without a name here shows its own.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ErrorInfo } from '../protocol/generated';
import { PARAMETER_ROWS, type IParameterRow } from '../protocol/parameters';
import { lookUp } from './lookup';

const PARAMETERS = 'parameters.';

/** What a field is called, and what belongs into it beside the server's example. */
export interface IFieldText {
  label: string;
  hint?: string;
}

/** The name and the hint of a field, by its dotted path; `own` is what its provider calls it. */
export function fieldText(field: string, trans: TranslationBundle, own?: string): IFieldText {
  const seconds = trans.__('Seconds, 86400 (a day) at most; 0 is no limit');
  const texts: Record<string, IFieldText | undefined> = {
    label: { label: trans.__('Name') },
    provider: { label: trans.__('Provider') },
    parameters: { label: trans.__('Parameters') },
    model: { label: trans.__('Model') },
    base_url: { label: trans.__('Address') },
    azure_endpoint: { label: trans.__('Endpoint') },
    azure_deployment: {
      label: trans.__('Deployment'),
      hint: trans.__('Its name, as the Azure portal shows it')
    },
    api_version: { label: trans.__('API version') },
    api_key: { label: trans.__('API key') },
    api_key_env: {
      label: trans.__('Environment variable with the key'),
      hint: trans.__('Of the Jupyter server; its name ends in _API_KEY')
    },
    quantization: {
      label: trans.__('Quantization'),
      hint: trans.__('Weights of fewer bits take less memory, and answers may be less exact')
    },
    prompt_lookup: {
      label: trans.__('Prompt lookup'),
      hint: trans.__(
        'Guesses tokens from the conversation: faster where answers repeat parts of it'
      )
    },
    draft_model: {
      label: trans.__('Draft model'),
      hint: trans.__(
        'A small model of the same tokenizer that guesses tokens ahead: faster answers'
      )
    },
    streaming: { label: trans.__('Streaming') },
    'timeouts.first_token': { label: trans.__('Time to the first word'), hint: seconds },
    'timeouts.stall': { label: trans.__('Time from one word to the next'), hint: seconds },
    'timeouts.total': { label: trans.__('Time of the whole answer'), hint: seconds },
    on_repetition: { label: trans.__('When an answer repeats itself') }
  };
  if (own) {
    return { label: own };
  }
  return lookUp(texts, field) ?? parameterFieldText(field, trans) ?? { label: field };
}

/** The same of a parameter, from its row; undefined for a field that is none. */
function parameterFieldText(field: string, trans: TranslationBundle): IFieldText | undefined {
  const row = field.startsWith(PARAMETERS)
    ? lookUp(PARAMETER_ROWS, field.slice(PARAMETERS.length))
    : undefined;
  if (!row) {
    return undefined;
  }
  const range = rangeText(row, trans);
  const note = row.note?.(trans);
  const hint = range && note ? trans.__('%1; %2', range, note) : (range ?? note);
  return { label: row.label(trans), hint };
}

function rangeText(row: IParameterRow, trans: TranslationBundle): string | undefined {
  const { kind, minimum, above, maximum } = row;
  if (kind === 'lines') {
    return trans.__('One per line');
  }
  if (maximum !== undefined) {
    return minimum !== undefined
      ? trans.__('%1 to %2', minimum, maximum)
      : above !== undefined
        ? trans.__('Above %1, up to %2', above, maximum)
        : trans.__('%1 or less', maximum);
  }
  if (minimum !== undefined) {
    return trans.__('%1 or more', minimum);
  }
  if (above !== undefined) {
    return trans.__('Above %1', above);
  }
  return kind === 'integer' ? trans.__('A whole number') : undefined;
}

/** Fields whose names are no plain words: a sentence that has one means the field. */
const FIELD_NAME =
  /\b(?:base_url|azure_endpoint|azure_deployment|api_version|api_key_env|api_key|on_repetition|prompt_lookup|draft_model|(?:parameters|timeouts)\.[a-z_]+)\b/g;

/** A problem whose sentences call fields as the form does. */
export function namedAsLabelled(problem: ErrorInfo, trans: TranslationBundle): ErrorInfo {
  const named = (text: string) =>
    text.replace(FIELD_NAME, field => `"${fieldText(field, trans).label}"`);
  const { message, hint } = problem;
  return { ...problem, message: named(message), hint: hint && named(hint) };
}

/** A provider as this reader calls it; `label` is what the server calls it. */
export function providerText(provider: string, label: string, trans: TranslationBundle): string {
  const texts: Record<string, string | undefined> = {
    'openai-compatible': trans.__('OpenAI-compatible endpoint'),
    huggingface: trans.__('Local model (Hugging Face)'),
    guide: trans.__('Built-in guide')
  };
  return lookUp(texts, provider) ?? label;
}

/**
 * What is wrong with a field, as this reader reads it.
 *
 * @param localized - the problem by its code alone: its own words, or other ones with these in the details.
 * @param text - what is typed into the field.
 */
export function localizeProblem(
  problem: ErrorInfo,
  localized: ErrorInfo,
  text: string,
  trans: TranslationBundle
): ErrorInfo {
  if (localized === problem || problem.code !== 'profile_unusable') {
    return localized;
  }
  // The code says nothing of the field, and the sentence is English: the field's name says more.
  const { label, hint } = fieldText(problem.field ?? '', trans);
  const message = text.trim()
    ? trans.__('"%1" cannot be used like this.', label)
    : trans.__('"%1" is needed.', label);
  return { ...localized, message, hint };
}
