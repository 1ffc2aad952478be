/**
 * One answer at one cell: the line below the cell, its keys, and what is shown in the cell until that is settled.
 *
 * Leaves when the reader edits the cell afterwards, decides about a change, or the cell is gone.
 */
import type { CellChange, ISharedCell } from '@jupyter/ydoc';
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';
import type { WorkspaceModel } from '../chat/workspace';
import { CellBar, type IBarAction } from './cellbar';
import type { CellDiff } from './celldiff';
import type { ICodeSink } from './codesink';
import type { Generation } from './generation';
import { setProvenance } from './provenance';
import type { TargetProblem } from './target';
import { problemSentence } from './targetproblem';

/** Class of a cell whose proposed source is shown in the place of its editor. */
const COMPARING_CLASS = 'jp-StreamChat-comparing';

interface IOptions {
  readonly cell: ISharedCell;
  readonly generation: Generation;
  readonly sink: ICodeSink;
  /** Where the answer is a change of what the cell holds: the same as `sink`. */
  readonly diff: CellDiff | null;
  readonly workspace: WorkspaceModel;
  readonly trans: TranslationBundle;
  /** Show the chat. */
  readonly openChat: () => void;
  /** Take the code away, and the cell where it was made for it. */
  readonly undo: () => void;
  /** The cell shall say where its code came from. */
  readonly marksSource: () => boolean;
  /** Why the cell cannot be changed now. */
  readonly problem: () => TargetProblem | null;
  /** What there is to say of the code. */
  readonly note: () => string | null;
}

export class CellSession implements IDisposable {
  constructor(private readonly _options: IOptions) {
    const { cell, generation, diff, workspace } = _options;
    this._bar.node.dataset.state = generation.state;
    generation.changed.connect(this._onChanged, this);
    diff?.stateChanged.connect(this._onDecided, this);
    workspace.changed.connect(this._update, this);
    cell.changed.connect(this._onEdit, this);
    document.addEventListener('keydown', this._onKey, true);
    this._onChanged();
  }

  /** The reader needs it no more. */
  get left(): ISignal<this, void> {
    return this._left;
  }

  get isOver(): boolean {
    return this._options.generation.isOver;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show it at the cell's widget. */
  async attach(widget: Cell): Promise<void> {
    if (widget.isPlaceholder()) {
      await widget.ready;
    }
    if (this._isDisposed || widget.isDisposed) {
      return;
    }
    const { diff } = this._options;
    this._widget = widget;
    (widget.layout as PanelLayout).addWidget(this._bar);
    if (diff && !diff.isDisposed && widget.inputArea) {
      widget.addClass(COMPARING_CLASS);
      (widget.inputArea.layout as PanelLayout).addWidget(diff);
    }
    this._update();
  }

  /** Put the focus where the keys have a meaning. */
  focus(): void {
    const { diff } = this._options;
    if (diff?.isAttached) {
      diff.focus();
    } else {
      this._bar.focus();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('keydown', this._onKey, true);
    const { cell, generation, diff, sink, workspace } = this._options;
    workspace.changed.disconnect(this._update, this);
    cell.changed.disconnect(this._onEdit, this);
    diff?.stateChanged.disconnect(this._onDecided, this);
    generation.dispose();
    this._endComparing();
    sink.dispose();
    this._bar.dispose();
    this._left.emit();
    Signal.clearData(this);
  }

  private _onChanged(): void {
    const { generation, sink, cell, diff, marksSource } = this._options;
    const { source } = generation;
    if (!diff && generation.isOver && generation.hasCode && source && marksSource()) {
      sink.joined(() => setProvenance(cell, source.message, source.run));
    }
    this._update();
  }

  private _onDecided(): void {
    const { diff, generation, cell, sink, marksSource } = this._options;
    if (diff?.state === 'accepted') {
      const { source } = generation;
      if (source && marksSource()) {
        sink.joined(() => setProvenance(cell, source.message, source.run));
      }
      this._endComparing();
    } else if (diff?.state === 'rejected') {
      this._endComparing();
      if (generation.state !== 'no_code' && generation.hasCode && !this._isUnchanged) {
        this.dispose();
        return;
      }
    }
    this._update();
  }

  /** The answer is what the cell holds already. */
  private get _isUnchanged(): boolean {
    const { sink, cell, generation } = this._options;
    return generation.state === 'done' && sink.text.trim() === cell.getSource().trim();
  }

  private _endComparing(): void {
    const { diff } = this._options;
    const { _widget: widget } = this;
    if (diff?.isAttached) {
      const hadFocus = diff.node.contains(document.activeElement);
      diff.parent = null;
      widget?.removeClass(COMPARING_CLASS);
      if (hadFocus) {
        widget?.editor?.focus();
      }
    }
  }

  private readonly _onKey = (event: KeyboardEvent): void => {
    const { target } = event;
    const node = this._widget?.node;
    // A cell that is laid out anew loses the focus to the page.
    const isHere = target === document.body || (target instanceof Node && node?.contains(target));
    if (event.key !== 'Escape' || event.isComposing || !isHere) {
      return;
    }
    const { generation, diff } = this._options;
    if (!generation.isOver) {
      generation.stop();
    } else if (diff?.state === 'open') {
      diff.reject();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  private _onEdit(_: ISharedCell, change: CellChange): void {
    const { sink, generation, diff } = this._options;
    if (sink.isWriting) {
      return;
    }
    const isSettled = !diff || diff.state === 'accepted' || diff.state === 'rejected';
    if (generation.isOver && isSettled && change.sourceChange) {
      this.dispose();
    } else if (change.metadataChange) {
      if (!diff && this._options.problem()) {
        generation.dispose(); // the answer goes on in its chat
      }
      this._update();
    }
  }

  // --- the line -------------------------------------------------------------------------------------

  private _update(): void {
    if (!this._isDisposed) {
      this._bar.node.dataset.state = this._options.generation.state;
      this._bar.tell(this._sentence(), this._actions());
    }
  }

  private _actions(): readonly IBarAction[] {
    const { trans, generation, diff, openChat } = this._options;
    const open: IBarAction = { label: trans.__('Open chat'), run: openChat };
    if (!generation.isOver) {
      return [...this._runningActions(), open];
    }
    if (diff?.state === 'open') {
      const key = (label: string, name: string): string => trans.__('%1 (%2)', label, name);
      const accept = trans.__('Accept');
      const reject = trans.__('Reject');
      return [
        { label: accept, hint: key(accept, 'Enter'), run: () => diff.accept() },
        { label: reject, hint: key(reject, 'Esc'), run: () => diff.reject() },
        ...this._versions(),
        open
      ];
    }
    const undo: IBarAction = { label: trans.__('Undo'), run: () => this._undo() };
    const hasCode = generation.hasCode && (!diff || diff.state === 'accepted');
    return [...(hasCode || !diff ? [undo] : []), ...(diff ? [] : this._versions()), open];
  }

  private _runningActions(): readonly IBarAction[] {
    const { trans, generation, diff } = this._options;
    const stop: IBarAction = { label: trans.__('Stop'), run: () => generation.stop() };
    if (diff || generation.state === 'waiting') {
      return [stop];
    }
    return generation.state === 'paused'
      ? [stop, { label: trans.__('Continue'), run: () => generation.resume() }]
      : [stop, { label: trans.__('Pause'), run: () => generation.pause() }];
  }

  /** Ask once more, and go to the versions that there are. */
  private _versions(): readonly IBarAction[] {
    const { trans, generation } = this._options;
    const { version } = generation;
    const again: IBarAction = { label: trans.__('Try again'), run: () => generation.tryAgain() };
    if (!version) {
      return [again];
    }
    return [
      again,
      {
        label: '‹',
        hint: trans.__('Previous version'),
        isDisabled: version.previous === null,
        run: () => generation.go('previous')
      },
      {
        label: '›',
        hint: trans.__('Next version'),
        isDisabled: version.next === null,
        run: () => generation.go('next')
      }
    ];
  }

  private _undo(): void {
    const { undo } = this._options;
    undo();
    this.dispose();
  }

  private _sentence(): string {
    const { trans, generation, workspace } = this._options;
    const { version, isOver } = generation;
    const { connectionState } = workspace;
    if (!isOver && connectionState !== 'connected' && connectionState !== 'connecting') {
      return trans.__('The connection is lost. The code goes on when it is back.');
    }
    const said = [this._stateSentence(), this._options.note()].filter(Boolean).join(' ');
    return version ? trans.__('%1 Version %2/%3.', said, version.index, version.count) : said;
  }

  private _stateSentence(): string {
    const { trans, generation, diff, problem } = this._options;
    const reason = problem();
    if (reason && (!generation.isOver || diff?.state === 'open')) {
      return problemSentence(reason, trans);
    }
    switch (generation.state) {
      case 'waiting':
        return trans.__('Waiting for the model.');
      case 'writing':
        return trans.__('Writing code.');
      case 'paused':
        return trans.__('Paused. Edit the code and continue: the model goes on from your text.');
      case 'failed':
        return trans.__('The answer ended with an error, see the chat.');
      case 'lost':
        return trans.__('The server was restarted while the code was written.');
      case 'no_code':
        return trans.__('The answer holds no code, see the chat.');
      default:
        return this._endSentence();
    }
  }

  private _endSentence(): string {
    const { trans, generation, diff } = this._options;
    if (diff?.state === 'open' && diff.hasConflict) {
      return trans.__(
        'The cell has changed meanwhile. These are the differences from what it is now.'
      );
    }
    if (diff?.state === 'accepted') {
      return trans.__('Cell changed. It was not run.');
    }
    if (diff?.state === 'rejected' && this._isUnchanged) {
      return trans.__('The answer changes nothing in the cell.');
    }
    if (generation.state === 'stopped') {
      return trans.__('Stopped.');
    }
    return diff ? trans.__('Change proposed.') : trans.__('Code written. It was not run.');
  }

  private readonly _bar = new CellBar();
  private _widget: Cell | null = null;
  private _isDisposed = false;
  private readonly _left = new Signal<this, void>(this);
}
