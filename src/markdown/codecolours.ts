/**
 * Colours the code in a rendered block, once its language is loaded.
 */

import { type IEditorLanguageRegistry, jupyterHighlightStyle } from '@jupyterlab/codemirror';

import { CodeStream } from './codestream';

const PREFIX = 'language-';

/** The language in an info string: `python {1,2}` and `jsonc title="a"` name one and say more. */
export function languageIn(info: string): string {
  return info.split(/[\s{,]/)[0];
}

/**
 * Colour the code whose language is there.
 *
 * @returns pending for each language that is being loaded; the code is to be coloured again after it.
 */
export function colourCode(root: ParentNode, languages: IEditorLanguageRegistry): Promise<void>[] {
  const loading: Promise<void>[] = [];
  for (const code of root.querySelectorAll<HTMLElement>(`pre > code[class^="${PREFIX}"]`)) {
    const name = languageIn(code.classList[0].slice(PREFIX.length));
    const spec = code.firstElementChild === null && name !== '' ? languages.findBest(name) : null;
    if (spec?.support) {
      colour(code, spec.support.language.parser);
    } else if (spec) {
      loading.push(languages.getLanguage(spec).then(() => undefined, warn));
    }
  }
  return loading;
}

function colour(code: HTMLElement, parser: Parameters<CodeStream['setStyle']>[0]['parser']): void {
  const text = code.textContent ?? '';
  code.replaceChildren();
  const stream = new CodeStream(code);
  stream.setStyle({ parser, highlighter: jupyterHighlightStyle });
  stream.append(text);
  stream.finish();
}

function warn(reason: unknown): void {
  console.warn('The language of a code block could not be loaded.', reason);
}
