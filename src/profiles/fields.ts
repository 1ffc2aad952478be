/**
 * Fields of a profile's form: from values to what is typed and back. Pure.
 *
 * Fields are named by their dotted path, as errors of the server name them: `base_url`, `parameters.seed`.
 */
import { parameterText, parameterValue } from './parameters';
import type { IProfileValues } from './api';

/** What is typed, by field. */
export type Typed = ReadonlyMap<string, string>;

const PARAMETERS = 'parameters';
const TIMEOUTS = 'timeouts';
/** Values that have values of their own. */
const GROUPS: readonly string[] = [PARAMETERS, TIMEOUTS];

/** The field of a parameter. */
export function parameterField(name: string): string {
  return `${PARAMETERS}.${name}`;
}

/** The field of a time limit. */
export function timeoutField(name: string): string {
  return `${TIMEOUTS}.${name}`;
}

/** The fields' texts for values; what no field shows (identifier, provider, key) is left out. */
export function typedOf(values: Readonly<Record<string, unknown>>): Typed {
  const { id: _id, provider: _provider, api_key: _key, ...fields } = values;
  const typed = new Map<string, string>();
  for (const [name, value] of Object.entries(fields)) {
    if (GROUPS.includes(name)) {
      for (const [part, own] of Object.entries((value ?? {}) as object)) {
        typed.set(`${name}.${part}`, parameterText(own));
      }
    } else if (typeof value === 'string') {
      typed.set(name, value);
    }
  }
  return typed;
}

/** The values that typed texts stand for, over those from which the typing began. */
export function valuesOf(typed: Typed, original: IProfileValues): IProfileValues {
  const values = new Map<string, unknown>(Object.entries(original));
  for (const [field, text] of typed) {
    const [group, name] = field.split('.');
    if (GROUPS.includes(group)) {
      const others = values.get(group) as object | undefined;
      values.set(group, { ...others, [name]: parameterValue(name, text) });
    } else {
      values.set(field, text.trim() || undefined);
    }
  }
  return Object.fromEntries(values) as IProfileValues;
}

/** Whether two sets of texts say the same; a field that is not there is empty. */
export function isSame(one: Typed, other: Typed): boolean {
  const fields = new Set([...one.keys(), ...other.keys()]);
  return [...fields].every(field => (one.get(field) ?? '') === (other.get(field) ?? ''));
}

/** Whom an address leads to: scheme, host and port; of what is no address, the text itself. */
export function hostOf(address: unknown): string {
  const text = typeof address === 'string' ? address.trim() : '';
  try {
    return new URL(text).origin;
  } catch {
    return text;
  }
}

/** Whether an origin is this machine: its servers need no key. */
export function isThisMachine(origin: string): boolean {
  return /^https?:\/\/(localhost|127\.|\[::1\])/.test(origin);
}

/** An identifier like the name, that no other profile has. */
export function newProfileId(label: string, provider: string, taken: ReadonlySet<string>): string {
  const plain = label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50);
  const stem = plain || provider;
  for (let count = 1; ; count++) {
    const id = count === 1 ? stem : `${stem}-${count}`;
    if (!taken.has(id)) {
      return id;
    }
  }
}
