/**
 * Colours the code in a rendered block, once its language is loaded.
 */

import { type IEditorLanguageRegistry, jupyterHighlightStyle } from '@jupyterlab/codemirror';

import { type Parser } from '@lezer/common';
import { type Highlighter, tagHighlighter, tags } from '@lezer/highlight';

import { CodeStream, type ICodeStyle } from './codestream';
import { languageIn } from './fenceline';

const PREFIX = 'language-';

/** The language of an element of code, as its class names it; empty without one. */
export function languageOf(code: Element): string {
  const name = [...code.classList].find(each => each.startsWith(PREFIX));
  return languageIn(name?.slice(PREFIX.length) ?? '');
}

/** Tell the style sheet which language the head line of the code in an element names. */
export function nameLanguage(element: HTMLElement, language: string): void {
  element.style.setProperty('--jp-StreamChat-language', JSON.stringify(language));
}

/** Names that models write, and JupyterLab knows by others. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['console', 'shell'],
  ['jsonc', 'json'],
  ['pycon', 'python'],
  ['sh-session', 'shell'],
  ['shell-session', 'shell'],
  ['shellsession', 'shell'],
  ['terminal', 'shell']
]);

/** What JupyterLab has for a language by the name that a model gives it. */
export function findLanguage(
  languages: IEditorLanguageRegistry,
  name: string
): ReturnType<IEditorLanguageRegistry['findBest']> {
  return name === '' ? null : languages.findBest(OTHER_NAMES.get(name.toLowerCase()) ?? name);
}

/** JupyterLab's colours, and those of a diff, which it has none for. */
const HIGHLIGHTERS: readonly Highlighter[] = [
  jupyterHighlightStyle,
  tagHighlighter([
    { tag: tags.inserted, class: 'jp-StreamChat-inserted' },
    { tag: tags.deleted, class: 'jp-StreamChat-deleted' }
  ])
];

/** How code of a language is coloured. */
export function styleOf(parser: Parser): ICodeStyle {
  return { parser, highlighter: HIGHLIGHTERS };
}

/**
 * Colour the code whose language is there.
 *
 * @returns pending for each language that is being loaded; the code is to be coloured again after it.
 */
export function colourCode(root: ParentNode, languages: IEditorLanguageRegistry): Promise<void>[] {
  const loading: Promise<void>[] = [];
  for (const code of root.querySelectorAll<HTMLElement>(`pre > code[class^="${PREFIX}"]`)) {
    const name = languageOf(code);
    const spec = code.firstElementChild === null ? findLanguage(languages, name) : null;
    if (spec?.support) {
      colour(code, spec.support.language.parser);
    } else if (spec) {
      loading.push(languages.getLanguage(spec).then(() => undefined, warn));
    }
  }
  return loading;
}

function colour(code: HTMLElement, parser: Parser): void {
  const text = code.textContent ?? '';
  code.replaceChildren();
  const stream = new CodeStream(code);
  stream.setStyle(styleOf(parser));
  stream.append(text);
  stream.finish();
}

function warn(reason: unknown): void {
  console.warn('The language of a code block could not be loaded.', reason);
}
