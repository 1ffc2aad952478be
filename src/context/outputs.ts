/**
 * Outputs of a cell as text: plain text before Markdown before HTML, no escape sequences, never base64. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { overwritten, withoutAnsi, withoutData } from './budget';
import { bytesOf } from './decode';
import { PICTURE_TYPES, SVG } from './fitpicture';
import type { IContextContent } from './kinds';

/** An output as nbformat has it; anything else is left out. */
export interface IOutput {
  readonly output_type?: unknown;
  readonly [field: string]: unknown;
}

/** What is text as it stands, the best first. */
const TEXTS = ['text/plain', 'text/markdown', 'text/latex', 'text/csv'] as const;

/** What outputs say, one after another. */
export function outputsText(
  outputs: readonly IOutput[],
  trans: TranslationBundle
): IContextContent {
  const texts: string[] = [];
  const omitted = new Set<string>();
  for (const output of outputs) {
    const text = textOf(output);
    if (text !== null) {
      const { text: readable, omitted: left } = withoutData(overwritten(withoutAnsi(text)), trans);
      texts.push(readable.replace(/\n$/, ''));
      left.forEach(sentence => omitted.add(sentence));
    } else {
      const types = Object.keys(asObject(output.data)).join(', ') || String(output.output_type);
      omitted.add(trans.__('An output that has no text was left out: %1.', types));
    }
    if (hasPicture(output) && text !== null) {
      omitted.add(trans.__('A picture was left out.'));
    }
  }
  return { text: texts.join('\n'), omitted: [...omitted] };
}

/** The traceback of the last error among outputs; null: there is none. */
export function errorText(outputs: readonly IOutput[]): string | null {
  const error = outputs.filter(({ output_type }) => output_type === 'error').pop();
  return error ? withoutAnsi(traceback(error)) : null;
}

/** A picture as it lies in a file. */
export interface IPicture {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** The media type of the picture in an output; null: it has none that can be sent. */
export function pictureTypeOf(output: IOutput): string | null {
  const data = asObject(output.data);
  return [...PICTURE_TYPES, SVG].find(type => data[type] !== undefined) ?? null;
}

/** The picture in an output; null: it has none that can be sent. */
export function pictureOf(output: IOutput): IPicture | null {
  const mediaType = pictureTypeOf(output);
  if (mediaType === null) {
    return null;
  }
  const text = joined(asObject(output.data)[mediaType]);
  const bytes =
    mediaType === SVG ? new TextEncoder().encode(text) : bytesOf(text.replace(/\s/g, ''));
  return { mediaType, bytes };
}

function textOf(output: IOutput): string | null {
  switch (output.output_type) {
    case 'stream':
      return joined(output.text);
    case 'error':
      return traceback(output);
    default: {
      const data = asObject(output.data);
      const plain = TEXTS.map(type => data[type]).find(text => text !== undefined);
      if (plain !== undefined) {
        return joined(plain);
      }
      if (data['text/html'] !== undefined) {
        return withoutTags(joined(data['text/html'])) || null;
      }
      const json = data['application/json'];
      return json === undefined ? null : JSON.stringify(json, null, 1);
    }
  }
}

function traceback(error: IOutput): string {
  const lines = Array.isArray(error.traceback) ? error.traceback.join('\n') : '';
  return lines || `${String(error.ename)}: ${String(error.evalue)}`;
}

function hasPicture(output: IOutput): boolean {
  const data = asObject(output.data);
  // HTML is what is sent where there is no other text.
  const html = TEXTS.some(type => data[type] !== undefined) ? '' : joined(data['text/html']);
  return (
    Object.keys(data).some(type => type.startsWith('image/')) ||
    /<(?:img|svg|canvas)[\s>]/i.test(html)
  );
}

/** Elements that begin a line of their own. */
const BLOCKS: ReadonlySet<string> = new Set(
  (
    'ADDRESS ARTICLE BLOCKQUOTE BR CAPTION DD DETAILS DIV DL DT FIGCAPTION FIGURE FOOTER H1 H2 H3 H4 H5 H6 HEADER ' +
    'HR LI MAIN OL P PRE SECTION SUMMARY TABLE TR UL'
  ).split(' ')
);
/** Elements whose text is not shown. */
const HIDDEN: ReadonlySet<string> = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'HEAD', 'svg']);

/** The text of a page as it is seen: lines where it has lines, and a tab between the cells of a table. */
function withoutTags(html: string): string {
  // Parsed apart from the page: nothing in it is loaded or run.
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  const lines = textIn(body, false).split('\n');
  return lines
    .flatMap(line => (line.trim() === '' ? [] : line.replace(/ $/, '').replace(/^ (?! )/, '')))
    .join('\n');
}

function textIn(node: Node, isPreformatted: boolean): string {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.nodeValue ?? '';
    return isPreformatted ? text : text.replace(/\s+/g, ' ');
  }
  const { nodeName } = node;
  if (HIDDEN.has(nodeName)) {
    return '';
  }
  const keepsSpace = isPreformatted || nodeName === 'PRE';
  if (nodeName === 'TR') {
    const cells = [...(node as Element).children].map(cell => textIn(cell, keepsSpace).trim());
    return `\n${cells.map(cell => cell.replace(/\n/g, ' ')).join('\t')}\n`;
  }
  const inner = [...node.childNodes].map(child => textIn(child, keepsSpace)).join('');
  return BLOCKS.has(nodeName) ? `\n${inner}\n` : inner;
}

/** A multi-line string of nbformat. */
function joined(text: unknown): string {
  return Array.isArray(text) ? text.join('') : String(text ?? '');
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
