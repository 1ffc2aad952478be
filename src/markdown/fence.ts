/**
 * The element of a fenced code block, as JupyterLab's Markdown preview makes it, filled while it streams.
 */

import { type IEditorLanguageRegistry, jupyterHighlightStyle } from '@jupyterlab/codemirror';

import { createBlockNode } from './block';
import { CodeStream, type ICodeStyle } from './codestream';

export class FenceBlock {
  /** @param info the fence's info string; it is the name of the language, as in the preview. */
  constructor(info: string, languages: IEditorLanguageRegistry) {
    const code = document.createElement('code');
    const pre = document.createElement('pre');
    pre.append(code);
    this.node.append(pre);
    this._stream = new CodeStream(code);
    this._labelled = info !== '';
    if (this._labelled) {
      // Its first word: what follows would be classes of their own.
      code.className = `language-${info.split(/\s/)[0]}`;
      this.loading = this._load(info, languages);
    }
  }

  readonly node = createBlockNode();

  /** Pending while the language is being loaded; `colour` is to be called after it. */
  readonly loading: Promise<void> | null = null;

  /** Add complete lines of code. */
  append(text: string): void {
    this._started = true;
    this._stream.append(text);
  }

  /** Show the beginning of the next line. */
  showPartial(line: string): void {
    this._stream.showPartial(line !== '' && this._started ? '\n' + line : line);
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
    // The preview ends code in a newline when it has no language.
    this._stream.finish(this._labelled || this._stream.text.endsWith('\n') ? '' : '\n');
  }

  private _load(info: string, languages: IEditorLanguageRegistry): Promise<void> | null {
    const spec = languages.findBest(info);
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
            console.warn(`The language of a code block could not be loaded: ${info}`, reason);
          });
  }

  private _use(parser: ICodeStyle['parser'] | undefined): void {
    this._style = parser ? { parser, highlighter: jupyterHighlightStyle } : null;
  }

  private readonly _stream: CodeStream;
  private readonly _labelled: boolean;
  private _started = false;
  private _finished = false;
  private _style: ICodeStyle | null = null;
}
