/**
 * The output of `%chat` in a cell: while the answer is written its text comes from the page's own server, token by
 * token; before and after, and where the server knows no such answer, the bundle's own text is shown.
 *
 * The bundle is made by `jupyter_stream_chat/magics/display.py`.
 */
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { IInsertAnswers } from '../components/context';
import { type AnswerEvent, followAnswer } from '../connection/answerstream';
import { sha256 } from '../context/sha256';
import {
  addCopyButtons,
  hasCode,
  type IStreamingText,
  PlainText,
  StreamingMarkdown,
  warmUp
} from '../markdown';
import type { Delta, RunInfo } from '../protocol/generated';
import { RunText } from '../protocol/runtext';

export const MIME_TYPE = 'application/vnd.jupyter-stream-chat.answer+json';

/** What the bundle says about its answer. */
interface IAbout {
  readonly nonce: string;
  readonly chat_id: string;
  readonly format: string;
  readonly status: 'live' | 'finished';
  /** Show the chat in the panel. */
  readonly open?: boolean;
  /** The number of the execution whose code the answer corrects. */
  readonly fixes?: number;
}

/** Shows the code of an answer as a change of the cell that it corrects. */
export interface IFixCells {
  /** Whether the cell is there. */
  isOffered(execution: number, node: Element): boolean;
  fix(execution: number, node: Element, chatId: string, runId: string): void;
}

export interface IAnswerOptions {
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  settings: ServerConnection.ISettings;
  trans: TranslationBundle;
  /** Puts answers into the notebook; null: the user does not want that. */
  insert: () => IInsertAnswers | null;
  /** Corrects cells; null: the user does not want that. */
  fixes: () => IFixCells | null;
  /** Show a chat in the panel. */
  openChat: (chatId: string) => void;
}

/**
 * Below a part that was stopped. It is the notebook's content and no label of the page: the kernel writes the same
 * (`display.py`), whatever the language of who looks.
 */
const STOPPED = '*Stopped.*';
const STOPPED_PLAIN = '[stopped]';

/** Milliseconds after which a kernel that should have said the end is not waited for: the page was reloaded, say. */
const KERNEL_SILENCE = 3000;

export class AnswerRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(options: IAnswerOptions) {
    super();
    this._options = options;
    this.addClass('jp-StreamChat-cell');
    this._text = document.createElement('div');
    this._dots = document.createElement('div');
    this._dots.className = 'jp-StreamChat-dots';
    this._dots.setAttribute('aria-hidden', 'true');
    this._dots.append(...[1, 2, 3].map(() => document.createElement('span')));
    this._tools.className = 'jp-StreamChat-answerTools';
    this.node.append(this._text, this._dots, this._tools);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const about = aboutOf(model.data[MIME_TYPE]);
    const isPlain = about.format === 'text';
    const text = String(model.data[isPlain ? 'text/plain' : 'text/markdown'] ?? '');
    if (about.nonce !== this._about?.nonce) {
      this._begin(about, isPlain);
    }
    this._model = model;
    this._about = about;
    if (about.status === 'finished') {
      await this._finish(text);
    } else if (!this._isFinished) {
      this._give(text);
      this._offerChange(about);
      this._follow(about);
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // Which notebook it is in is known only now.
    this._offerChange(this._about);
  }

  override dispose(): void {
    this._reading?.abort();
    window.clearTimeout(this._silence);
    this._view?.dispose();
    super.dispose();
  }

  private _begin(about: IAbout, isPlain: boolean): void {
    this._reading?.abort();
    this._reading = null;
    this._view?.dispose();
    this._view = this._createView(isPlain);
    this._held = '';
    this._run = new RunText();
    this._streamed = 0;
    this._isFinished = false;
    this._tools.replaceChildren();
    this._setStatus(about.status === 'live' ? 'waiting' : 'finished');
  }

  private _createView(isPlain: boolean): IStreamingText {
    const { rendermime, languages, trans, insert } = this._options;
    this._text.className = isPlain ? 'jp-StreamChat-cellText' : 'jp-StreamChat-cellMarkdown';
    return isPlain
      ? new PlainText({ node: this._text })
      : new StreamingMarkdown({
          node: this._text,
          rendermime,
          languages,
          onBlock: host => addCopyButtons(host, trans.__('Copy'), undefined, insert()?.codeActions)
        });
  }

  /** Take the kernel's text, unless the server has told more already. */
  private _give(text: string): void {
    if (text.length > this._held.length && text.startsWith(this._held)) {
      this._append(text.slice(this._held.length));
    }
  }

  private _append(text: string): void {
    this._held += text;
    this._view?.append(text);
    this._setStatus('streaming');
  }

  private async _finish(text: string): Promise<void> {
    this._isFinished = true;
    window.clearTimeout(this._silence);
    if (text !== this._held) {
      this._held = text;
      this._view?.setText(text);
    }
    this._setStatus('finished');
    this._offerCells(text);
    await this._view?.finish();
  }

  /** Offer an answer with code as cells. */
  private _offerCells(text: string): void {
    const { trans, insert } = this._options;
    const actions = insert();
    const hasFocus = this._tools.contains(document.activeElement);
    this._tools.replaceChildren();
    if (this._about?.format !== 'text' && hasCode(text)) {
      this._offerChange(this._about);
      if (actions) {
        const answer = text.endsWith(STOPPED) ? text.slice(0, -STOPPED.length) : text;
        const button = toolButton(trans.__('Whole answer as cells'));
        button.addEventListener('click', () => void actions.answer(answer, this.node));
        this._tools.append(button);
      }
    }
    if (hasFocus) {
      this._tools.querySelector('button')?.focus();
    }
  }

  /** Offer the code of the answer as a change of the cell that failed, also while it is written. */
  private _offerChange(about: IAbout | null): void {
    const { trans, fixes } = this._options;
    const execution = about?.fixes;
    const actions = fixes();
    const isPossible = about && actions && this._tools.childElementCount === 0;
    if (isPossible && execution !== undefined && actions.isOffered(execution, this.node)) {
      const button = toolButton(trans.__('Show as a change of the failed cell'));
      button.addEventListener('click', () =>
        actions.fix(execution, this.node, about.chat_id, runIdOf(about.nonce))
      );
      this._tools.append(button);
    }
  }

  // --- from the server ------------------------------------------------------------------------------

  private _follow(about: IAbout): void {
    if (!this._reading) {
      warmUp(this._options.rendermime);
      this._reading = new AbortController();
      void this._read(about, this._reading.signal);
    }
  }

  private async _read(about: IAbout, signal: AbortSignal): Promise<void> {
    const { settings, openChat } = this._options;
    const lengths = () => this._run.lengths;
    let isKnown = false;
    for await (const event of followAnswer({ settings, nonce: about.nonce, lengths, signal })) {
      // Only for who has run the cell: a stranger's notebook may name any chat, and must not change the panel.
      if (!isKnown && about.open && this._model?.trusted) {
        openChat(about.chat_id);
      }
      isKnown = true;
      this._take(event);
    }
    if (!isKnown && !signal.aborted && !this._isFinished) {
      // Not an answer of this server: there is no more than what the notebook has.
      this._setStatus('finished');
      await this._view?.finish();
    }
  }

  private _take(event: AnswerEvent): void {
    if (this._isFinished) {
      return;
    }
    if (event.type === 'delta') {
      this._takeDelta(event);
    } else if (event.type === 'run_finished') {
      this._ended(event.run);
    }
  }

  private _takeDelta(delta: Delta): void {
    const added = this._run.take(delta);
    // A cell shows the answer's text alone. A gap closes with the kernel's text at the end.
    if (!added || added === 'gap' || added.kind !== 'text') {
      return;
    }
    this._streamed += added.text.length;
    // The kernel's checkpoints may have been faster.
    const missing = this._streamed - this._held.length;
    if (missing > 0) {
      this._append(added.text.slice(-missing));
    }
  }

  /** Show the end as the kernel will; where it does not come, put it into the notebook. */
  private _ended({ kept, finish_reason: reason, notice }: RunInfo): void {
    const text = kept ? this._run.keptText(kept) : this._held;
    const isPlain = this._about?.format === 'text';
    const noted = notice ? (isPlain ? `[${notice.message}]` : `*${notice.message}*`) : '';
    const mark = reason === 'interrupted' ? (isPlain ? STOPPED_PLAIN : STOPPED) : noted;
    const final = mark && text.trim() ? `${text.trimEnd()}\n\n${mark}` : mark || text;
    void this._finish(final);
    this._silence = window.setTimeout(() => this._write(final, reason ?? ''), KERNEL_SILENCE);
  }

  private _write(text: string, reason: string): void {
    const { _model: model, _about: about } = this;
    if (model && about?.status === 'live') {
      const key = about.format === 'text' ? 'text/plain' : 'text/markdown';
      const { open: _, ...rest } = about;
      const said = { ...rest, status: 'finished', finish_reason: reason };
      model.setData({ data: { ...model.data, [MIME_TYPE]: said, [key]: text } });
    }
  }

  private _setStatus(status: 'waiting' | 'streaming' | 'finished'): void {
    if (status !== this.node.dataset.status) {
      this.node.dataset.status = status;
      this.node.setAttribute('aria-busy', String(status !== 'finished'));
    }
  }

  private readonly _options: IAnswerOptions;
  private readonly _text: HTMLElement;
  private readonly _dots: HTMLElement;
  private readonly _tools = document.createElement('div');
  private _view: IStreamingText | null = null;
  private _model: IRenderMime.IMimeModel | null = null;
  private _about: IAbout | null = null;
  private _reading: AbortController | null = null;
  /** The text given to the view. */
  private _held = '';
  /** What the server has sent of the run, and the length of its text in code units. */
  private _run = new RunText();
  private _streamed = 0;
  private _isFinished = false;
  private _silence: number | undefined;
}

function toolButton(label: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'jp-StreamChat-textButton';
  button.textContent = label;
  return button;
}

/** The id of the run that was asked for with a nonce: as `jupyter_stream_chat/nonces.py` makes it. */
function runIdOf(nonce: string): string {
  const text = `jupyter-stream-chat answer ${nonce}`;
  return sha256(new TextEncoder().encode(text)).slice(0, 32);
}

/** What a bundle says about its answer; one that is none of ours says that there is no more. */
function aboutOf(value: unknown): IAbout {
  const none: IAbout = { nonce: '', chat_id: '', format: 'markdown', status: 'finished' };
  const about = { ...none, ...(value as Partial<IAbout>) };
  const { nonce, chat_id, format, status, open, fixes } = about;
  return {
    nonce: String(nonce),
    chat_id: String(chat_id),
    format: String(format),
    status: status === 'live' ? 'live' : 'finished',
    open: open === true,
    fixes: Number.isInteger(fixes) ? fixes : undefined
  };
}
