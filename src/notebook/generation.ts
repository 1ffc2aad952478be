/**
 * One answer that is written into a cell: follows its run in its chat, Stop and Undo.
 *
 * The run is an ordinary one: it goes on in the chat when the cell is gone.
 */
import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { CellText } from './celltext';
import { CellWriter } from './cellwriter';

/** `no_code`: the answer has ended, and held none. */
export type GenerationState = 'waiting' | 'writing' | 'stopped' | 'failed' | 'no_code' | 'done';

interface IOptions {
  readonly chat: ChatModel;
  readonly notebook: ISharedNotebook;
  readonly cell: ISharedCell;
  /** The cell was made for this answer. */
  readonly isNewCell: boolean;
  /** The kernel's, in lower case. */
  readonly language: string;
}

export class Generation implements IDisposable {
  constructor(private readonly _options: IOptions) {
    const { cell, chat, language } = _options;
    this._writer = new CellWriter(cell);
    this._view = new CellText(this._writer, language);
    cell.disposed.connect(this.dispose, this);
    chat.structureChanged.connect(this._follow, this);
  }

  get state(): GenerationState {
    return this._state;
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  get isOver(): boolean {
    return this._state !== 'waiting' && this._state !== 'writing';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  stop(): void {
    this._options.chat.interrupt();
  }

  /** Take back what was written, with the cell if it was made for it and holds nothing else. */
  undo(): void {
    this.stop();
    const { notebook, cell, isNewCell } = this._options;
    this._writer.undo();
    const index = notebook.cells.indexOf(cell as (typeof notebook.cells)[number]);
    if (isNewCell && index >= 0 && cell.getSource() === '' && notebook.cells.length > 1) {
      notebook.deleteCell(index);
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._release();
      this._writer.dispose();
      Signal.clearData(this);
    }
  }

  private _follow(): void {
    const { chat } = this._options;
    const answer = chat.messages.find(({ role }) => role === 'assistant');
    if (!answer) {
      // A question that no server has seen was taken back.
      if (!chat.isRunning && chat.messages.length === 0) {
        this._end('stopped');
      }
      return;
    }
    this._bind(answer);
    this._setState('writing');
    const run = answer.runs[answer.runs.length - 1];
    if (run?.status === 'finished') {
      const reason = run.finish_reason;
      const isGood = reason === 'stop' || reason === 'length';
      const ended = this._view.hasCode ? 'done' : 'no_code';
      this._end(reason === 'interrupted' ? 'stopped' : isGood ? ended : 'failed');
    }
  }

  /** Reasoning before the text gives the text another section. */
  private _bind({ message_id: messageId }: Message): void {
    const { chat } = this._options;
    const texts = chat.sections(messageId).filter(({ kind }) => kind === 'text');
    const key = texts[texts.length - 1]?.key;
    if (key !== undefined && key !== this._section) {
      this._section = key;
      this._binding?.dispose();
      this._binding = chat.bindText(messageId, this._view, key);
    }
  }

  private _end(state: GenerationState): void {
    this._release();
    this._writer.close();
    this._setState(state);
  }

  private _release(): void {
    this._options.chat.structureChanged.disconnect(this._follow, this);
    this._binding?.dispose();
    this._binding = null;
    this._view.dispose();
  }

  private _setState(state: GenerationState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit();
    }
  }

  private readonly _writer: CellWriter;
  private readonly _view: CellText;
  private _binding: IDisposable | null = null;
  private _section: string | null = null;
  private _state: GenerationState = 'waiting';
  private _isDisposed = false;
  private readonly _stateChanged = new Signal<this, void>(this);
}
