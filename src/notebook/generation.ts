/**
 * One answer whose code goes to a cell: follows its run in its chat, with Stop, Pause, Undo and other versions.
 *
 * The run is an ordinary one: it goes on in the chat when the cell is gone.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { choiceOf, type Direction, type IChoice } from '../chat/branches';
import type { ChatModel } from '../chat/chat';
import { effectiveText } from '../chat/effectivetext';
import type { Message, RunInfo } from '../protocol/generated';
import { CellText } from './celltext';
import { CodeFilter } from './codefilter';
import type { ICellMagic } from './codelanguages';
import type { ICodeSink } from './codesink';

/** `no_code`: the answer has ended, and held none. `lost`: the server was restarted while it was written. */
export type GenerationState =
  'waiting' | 'writing' | 'paused' | 'stopped' | 'failed' | 'lost' | 'no_code' | 'done';

interface IOptions {
  readonly chat: ChatModel;
  /** Remains its owner's. */
  readonly sink: ICodeSink;
  /** The kernel's, in lower case. */
  readonly language: string;
  /** Of the cell that is changed; null: it has none. */
  readonly magic: ICellMagic | null;
  /** A run of the answer; null: it is the first one of the chat. */
  readonly runId: string | null;
}

const GOING_ON: readonly GenerationState[] = ['waiting', 'writing', 'paused'];

export class Generation implements IDisposable {
  constructor(private readonly _options: IOptions) {
    this._view = this._createView();
    _options.chat.structureChanged.connect(this._follow, this);
    this._follow();
  }

  get state(): GenerationState {
    return this._state;
  }

  /** Also: there is another version, or another one is in the cell. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Code that was added; null: it was taken out for another version. */
  get code(): ISignal<this, string | null> {
    return this._codeAdded;
  }

  get isOver(): boolean {
    return !GOING_ON.includes(this._state);
  }

  /** Whether any code has come. */
  get hasCode(): boolean {
    return this._view.hasCode;
  }

  /** The answer that is in the cell, and the run that wrote it last. */
  get source(): { message: Message; run: RunInfo } | null {
    const message = this._answer;
    const run = message?.runs[message.runs.length - 1];
    return message && run ? { message, run } : null;
  }

  /** Which of its versions the answer is; null: there is one only. */
  get version(): IChoice | null {
    return this._answer ? choiceOf(this._answer) : null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  stop(): void {
    this._options.chat.interrupt();
  }

  /** Add nothing more until `resume`; the code can be edited meanwhile. */
  pause(): void {
    this._options.sink.isHeld = true;
    this._options.chat.pause();
  }

  /** Go on: after what was edited meanwhile, if it was. */
  resume(): void {
    const { chat, sink } = this._options;
    sink.isHeld = false;
    if (sink.isEdited) {
      this._edited = asPrefix(sink.text, this._options.language);
      this._setState('waiting');
      chat.interrupt();
    } else {
      chat.resume();
    }
  }

  /** Have the question answered once more. */
  tryAgain(): void {
    const { chat } = this._options;
    const isAsked = this._messageId !== null && chat.regenerate(this._messageId);
    this._isSwitching ||= isAsked;
  }

  /** Put the version beside this one into the cell. */
  go(direction: Direction): void {
    if (this._answer) {
      this._isSwitching = true;
      this._options.chat.branches.go(this._answer, direction);
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._options.chat.structureChanged.disconnect(this._follow, this);
      this._binding?.dispose();
      this._view.dispose();
      Signal.clearData(this);
    }
  }

  /** The version that is shown of the answer. */
  private get _answer(): Message | undefined {
    const { chat, runId } = this._options;
    const answers = chat.messages.filter(({ role }) => role === 'assistant');
    if (runId === null) {
      return answers[0];
    }
    const isIts = ({ runs }: Message): boolean => runs.some(({ run_id: id }) => id === runId);
    this._questionId ??= answers.find(isIts)?.parent_id ?? null;
    return answers.find(({ parent_id: id }) => id !== null && id === this._questionId);
  }

  private _follow(): void {
    const { chat, sink } = this._options;
    const answer = this._answer;
    if (!answer) {
      const isLoaded = !chat.isRunning && chat.blockedReason !== 'loading';
      if (isLoaded && this._options.runId !== null) {
        this._setState('no_code'); // it was deleted
      } else if (isLoaded && chat.messages.length === 0) {
        this._setState('stopped'); // a question that no server has seen was taken back
      }
      return;
    }
    const isOther = answer.message_id !== this._messageId;
    if (isOther && this._messageId !== null) {
      if (!this._isSwitching) {
        return; // the reader looks at another version in the panel
      }
      this._isSwitching = false;
      sink.clear();
      this._codeAdded.emit(null);
      this._unbind();
    }
    this._messageId = answer.message_id;
    if (this._edited !== null) {
      this._goOnAfterEdit(answer, this._edited);
      return;
    }
    this._bind(answer);
    this._setState(this._isSwitching && chat.isRunning ? 'waiting' : this._stateOf(answer));
  }

  private _stateOf({ runs }: Message): GenerationState {
    const run = runs[runs.length - 1];
    if (run?.status !== 'finished') {
      const isPaused = run !== undefined && this._options.chat.pauseAction === 'resume';
      return isPaused ? 'paused' : this._view.hasCode ? 'writing' : 'waiting';
    }
    switch (run.finish_reason) {
      case 'stop':
      case 'length':
        return this._view.hasCode ? 'done' : 'no_code';
      case 'interrupted':
        return 'stopped';
      default:
        return run.finish_reason === 'lost' ? 'lost' : 'failed';
    }
  }

  /** Let the edited code count of the answer, then have the model go on from there. */
  private _goOnAfterEdit(answer: Message, prefix: string): void {
    const { chat } = this._options;
    if (chat.isRunning || chat.blockedReason) {
      return;
    }
    if (!this._isEditSent) {
      this._isEditSent = true;
      chat.branches.editAnswer(answer.message_id, prefix);
    } else if (effectiveText(answer) === 'own') {
      this._isEditSent = false;
      this._edited = null;
      this._unbind(prefix);
      this._bind(answer);
      chat.continueAnswer(answer.message_id);
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

  /** Begin anew; `given`: a beginning of the text whose code is in the cell. */
  private _unbind(given = ''): void {
    this._binding?.dispose();
    this._binding = null;
    this._section = null;
    this._view.dispose();
    this._view = this._createView(given);
  }

  private _createView(given = ''): CellText {
    const { sink, language, magic } = this._options;
    const filter = new CodeFilter(language, magic);
    return new CellText(sink, filter, given, code => this._onCode(code));
  }

  private _onCode(code: string): void {
    if (this._state === 'waiting') {
      this._setState('writing');
    }
    this._codeAdded.emit(code);
  }

  private _setState(state: GenerationState): void {
    const wasOver = this.isOver;
    this._state = state;
    if (this.isOver && !wasOver) {
      this._options.sink.end(state === 'done');
    }
    const { index, count } = this.version ?? {};
    const told = [state, index, count].join();
    if (told !== this._told) {
      this._told = told;
      this._changed.emit();
    }
  }

  private _view: CellText;
  private _binding: IDisposable | null = null;
  private _section: string | null = null;
  /** Of the answer that was named by its run. */
  private _questionId: string | null = null;
  /** The answer that is in the cell. */
  private _messageId: string | null = null;
  private _state: GenerationState = 'waiting';
  /** Another version was asked for. */
  private _isSwitching = false;
  /** The edited code as the beginning of the answer, until the model goes on from there. */
  private _edited: string | null = null;
  private _isEditSent = false;
  private _isDisposed = false;
  /** What was told last. */
  private _told = '';
  private readonly _changed = new Signal<this, void>(this);
  private readonly _codeAdded = new Signal<this, string | null>(this);
}

/** Code as an answer that is not complete. */
function asPrefix(code: string, language: string): string {
  const runs = code.match(/^ {0,3}`{3,}/gm) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map(run => run.trim().length + 1)));
  return `${fence}${language}\n${code}`;
}
