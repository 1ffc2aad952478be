/**
 * Names of what a profile is made of, and what is wrong with it, in the reader's language.
 *
 * Which fields there are is the server's to say (`GET providers`); a field without a name here shows its own.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ErrorInfo } from '../protocol/generated';
import { lookUp } from './lookup';

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
    streaming: { label: trans.__('Streaming') },
    'parameters.system_prompt': { label: trans.__('System prompt') },
    'parameters.temperature': {
      label: trans.__('Temperature'),
      hint: trans.__('0 to 2; 0 is the least random')
    },
    'parameters.top_p': { label: trans.__('Top-p'), hint: trans.__('Above 0, up to 1') },
    'parameters.top_k': { label: trans.__('Top-k'), hint: trans.__('1 or more') },
    'parameters.max_tokens': {
      label: trans.__('Longest answer, in tokens'),
      hint: trans.__('1 or more')
    },
    'parameters.repetition_penalty': {
      label: trans.__('Repetition penalty'),
      hint: trans.__('Above 0, up to 5; 1 is none')
    },
    'parameters.seed': { label: trans.__('Seed'), hint: trans.__('A whole number') },
    'parameters.stop': {
      label: trans.__('Stop strings'),
      hint: trans.__('One a line; the answer ends before any of them')
    },
    'timeouts.first_token': { label: trans.__('Time to the first word'), hint: seconds },
    'timeouts.stall': { label: trans.__('Time from one word to the next'), hint: seconds },
    'timeouts.total': { label: trans.__('Time of the whole answer'), hint: seconds },
    on_repetition: { label: trans.__('When an answer repeats itself') }
  };
  return own ? { label: own } : (lookUp(texts, field) ?? { label: field });
}

/** Fields whose names are no plain words: a sentence that has one means the field. */
const FIELD_NAME =
  /\b(?:base_url|azure_endpoint|azure_deployment|api_version|api_key_env|api_key|on_repetition|(?:parameters|timeouts)\.[a-z_]+)\b/g;

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
