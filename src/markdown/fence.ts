/**
 * The element of a fenced code block, as JupyterLab's Markdown preview makes it, filled while it streams.
 */

import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';

import { createBlockNode } from './block';
import { findLanguage, nameLanguage, styleOf } from './codecolours';
import { CodeStream, type ICodeStyle } from './codestream';
import { languageIn } from './fenceline';
import { showControls } from './signs';

export class FenceBlock {
  /** @param info the fence's info string; it is the name of the language, as in the preview. */
  constructor(info: string, languages: IEditorLanguageRegistry) {
    const code = document.createElement('code');
    const pre = document.createElement('pre');
    const language = languageIn(info);
    pre.append(code);
    nameLanguage(this.node, language);
    this.node.append(pre);
    this._stream = new CodeStream(code);
    if (language !== '') {
      // Its first word: what follows would be classes of their own.
      code.className = `language-${language}`;
      this.loading = this._load(language, languages);
    }
  }

  readonly node = createBlockNode();

  /** Pending while the language is being loaded; `colour` is to be called after it. */
  readonly loading: Promise<void> | null = null;

  /** Add complete lines of code. */
  append(text: string): void {
    this._started = true;
    this._stream.append(showControls(text));
  }

  /** Show the beginning of the next line. */
  showPartial(line: string): void {
    const text = showControls(line);
    this._stream.showPartial(text !== '' && this._started ? '\n' + text : text);
  }

  /** Colour all that is there, once the language is loaded. */
  colour(): void {
    if (this._style) {
      this._stream.setStyle(this._style);
      this._style = null;
      if (this._finished) {
        this._stream.finish();
      }
    }
  }

  /** The fence has ended. */
  finish(): void {
    this._finished = true;
    this._stream.finish();
  }

  private _load(language: string, languages: IEditorLanguageRegistry): Promise<void> | null {
    const spec = findLanguage(languages, language);
    if (spec?.support) {
      this._use(spec.support.language.parser);
      this.colour();
      return null;
    }
    return spec === null
      ? null
      : languages
          .getLanguage(spec)
          .then(loaded => this._use(loaded?.support?.language.parser))
          .catch((reason: unknown) => {
            console.warn(`The language of a code block could not be loaded: ${language}`, reason);
          });
  }

  private _use(parser: ICodeStyle['parser'] | undefined): void {
    this._style = parser ? styleOf(parser) : null;
  }

  private readonly _stream: CodeStream;
  private _started = false;
  private _finished = false;
  private _style: ICodeStyle | null = null;
}
