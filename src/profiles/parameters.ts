/**
 * Parameters of a model as they are typed, and as the server takes them. Pure.
 *
 * What is allowed is the server's business: a number that is none is sent as it was typed, and refused there.
 */
import { lookUp } from '../i18n/lookup';
import { PARAMETER_ROWS, type ParameterKind } from '../protocol/parameters';

/** Typed text by parameter; empty or absent: not set. */
export type ParameterText = ReadonlyMap<string, string>;

/** How a parameter, or a time limit, is typed. */
export function parameterKind(name: string): ParameterKind {
  return lookUp(PARAMETER_ROWS, name)?.kind ?? 'number';
}

/** The value as a field shows it. */
export function parameterText(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** The value that a field's text stands for; undefined: not set. */
export function parameterValue(name: string, text: string): unknown {
  const kind = parameterKind(name);
  if (kind === 'text') {
    return text.trim() === '' ? undefined : text;
  }
  if (kind === 'lines') {
    const lines = text.split('\n').filter(line => line !== '');
    return lines.length > 0 ? lines : undefined;
  }
  const typed = text.trim();
  // A comma is how many languages write the point.
  const number = Number(typed.replace(',', '.'));
  return typed === '' ? undefined : Number.isNaN(number) ? typed : number;
}

/** What is set of the texts, as the server takes it. */
export function parameterValues(texts: ParameterText): Record<string, unknown> {
  const values = [...texts].map(([name, text]) => [name, parameterValue(name, text)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
