/**
 * A change of a cell's source that is shown in the cell, and made when the reader accepts it: whole or by parts.
 *
 * Owns the proposed source and how it differs. The cell's model stays as it is until then; what is accepted is one
 * step of undo. If the cell changes meanwhile, the proposal is compared with what it is now: changes in lines that the
 * proposal leaves alone are taken over, others are shown as differences.
 */
import {
  type Chunk,
  getChunks,
  getOriginalDoc,
  goToNextChunk,
  goToPreviousChunk,
  originalDocChangeEffect,
  rejectChunk,
  unifiedMergeView
} from '@codemirror/merge';
import { ChangeSet, EditorState, type Extension, Text } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import type { CellChange, ISharedCell } from '@jupyter/ydoc';
import { jupyterTheme } from '@jupyterlab/codemirror';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { CellWriter } from './cellwriter';
import type { ICodeSink } from './codesink';
import { type ITextChange, Proposal } from './proposal';

interface IOptions {
  readonly cell: ISharedCell;
  readonly trans: TranslationBundle;
  /** The cell's language, for colours. */
  readonly language: Extension;
  /** Whether the cell can be changed now; says why where it cannot. */
  readonly mayWrite: () => boolean;
}

/** `open`: something is left to decide. */
export type DiffState = 'streaming' | 'open' | 'accepted' | 'rejected';

export class CellDiff extends Widget implements ICodeSink {
  constructor(private readonly _options: IOptions) {
    super();
    const { cell } = _options;
    this.addClass('jp-StreamChat-cellDiff');
    // Keys pressed here are no commands of the notebook.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
    this._writer = new CellWriter(cell);
    this.node.dataset.state = this._state;
    const source = cell.getSource();
    this._lineBreak = source.includes('\r\n') ? '\r\n' : '\n';
    this._proposal = new Proposal(source);
    this._view = new EditorView({ parent: this.node, state: this._stateOf(source) });
    cell.changed.connect(this._onChanged, this);
  }

  get state(): DiffState {
    return this._state;
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Whether the cell was changed where the proposal changes it. */
  get hasConflict(): boolean {
    return this._hasConflict;
  }

  /** The proposed source. */
  get text(): string {
    return this._code;
  }

  /** The proposal itself cannot be edited. */
  readonly isEdited = false;

  isHeld = false;

  /** Put the focus on the proposal. */
  focus(): void {
    this._view.focus();
  }

  append(text: string): void {
    if (this._state === 'streaming' && text !== '') {
      const code = text.replace(/\n/g, this._lineBreak);
      this._code += code;
      this._show(this._proposal.add(code));
    }
  }

  clear(): void {
    const source = this._options.cell.getSource();
    this._changes = null;
    this._code = '';
    this._hasConflict = false;
    this._proposal = new Proposal(source);
    this._view.setState(this._stateOf(source));
    this._setState('streaming');
  }

  end(isWhole: boolean): void {
    if (this._state !== 'streaming') {
      return;
    }
    if (isWhole && this._code !== '') {
      this._show(this._proposal.end());
    }
    if (this._changes) {
      this._compareAnew(this._changes);
      this._changes = null;
    }
    this._setState('open');
    this._endIfDecided('rejected');
  }

  get isWriting(): boolean {
    return this._writer.isWriting;
  }

  joined(change: () => void): void {
    this._writer.joined(change);
  }

  /** Give the cell back what it had. */
  undo(): void {
    this.reject();
    this._writer.undo();
  }

  /** Change the cell as proposed. */
  accept(): void {
    if (this._state !== 'open' || !this._options.mayWrite()) {
      return;
    }
    // From the end, so that the places of those before stay as they are.
    [...this._chunks].reverse().forEach(chunk => this._write(chunk));
    this._setState('accepted');
  }

  /** Leave the cell as it is. */
  reject(): void {
    if (this._state === 'open' || this._state === 'streaming') {
      this._setState('rejected');
    }
  }

  /** Accept the part at a place of the proposal; absent: where the cursor is. */
  acceptPart(at?: number): void {
    const chunk = this._chunkAt(at);
    if (this._state === 'open' && chunk && this._options.mayWrite()) {
      this._write(chunk);
      this._endIfDecided('accepted');
    }
  }

  /** Leave out the part at a place of the proposal; absent: where the cursor is. */
  rejectPart(at?: number): void {
    if (this._state === 'open' && rejectChunk(this._view, at)) {
      this._endIfDecided(this._isChanged ? 'accepted' : 'rejected');
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._options.cell.changed.disconnect(this._onChanged, this);
      this._view.destroy();
      this._writer.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  private _stateOf(source: string): EditorState {
    const { trans, language } = this._options;
    return EditorState.create({
      doc: textOf(source),
      extensions: [
        // As in the shared model: one UTF-16 unit for each line break.
        EditorState.lineSeparator.of('\n'),
        jupyterTheme,
        language,
        EditorView.lineWrapping,
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({
          tabindex: '0',
          'aria-label': trans.__('Proposed change of the cell')
        }),
        keymap.of([
          { key: 'Enter', run: () => this._does(() => this.accept()) },
          { key: 'Alt-Enter', run: () => this._does(() => this.acceptPart()) },
          { key: 'Alt-Backspace', run: () => this._does(() => this.rejectPart()) },
          { key: 'Alt-ArrowDown', run: goToNextChunk },
          { key: 'Alt-ArrowUp', run: goToPreviousChunk }
        ]),
        unifiedMergeView({
          original: textOf(source),
          gutter: false,
          mergeControls: (type, action) => this._control(type, action)
        })
      ]
    });
  }

  /** A button at a part. It acts on `click`, which the keyboard makes as well. */
  private _control(
    type: 'accept' | 'reject',
    reject: (event: MouseEvent) => void
  ): HTMLButtonElement {
    const { trans } = this._options;
    const button = document.createElement('button');
    button.type = 'button';
    button.name = type;
    button.textContent = type === 'accept' ? trans.__('Accept part') : trans.__('Reject part');
    button.addEventListener('mousedown', event => event.preventDefault());
    button.addEventListener('click', event => {
      event.preventDefault();
      if (type === 'accept') {
        this.acceptPart(this._view.posAtDOM(button.closest('.cm-deletedChunk') ?? button));
      } else if (this._state === 'open') {
        reject(event);
        this._endIfDecided(this._isChanged ? 'accepted' : 'rejected');
      }
    });
    return button;
  }

  private _does(action: () => void): boolean {
    action();
    return true;
  }

  private _show(changes: ITextChange): void {
    this._view.dispatch({ changes });
  }

  private get _chunks(): readonly Chunk[] {
    return getChunks(this._view.state)?.chunks ?? [];
  }

  private _chunkAt(at = this._view.state.selection.main.head): Chunk | undefined {
    return this._chunks.find(({ fromB, endB }) => fromB <= at && at <= endB);
  }

  /** Write a part into the cell; the comparison follows the model. */
  private _write({ fromA, toA, fromB, toB }: Chunk): void {
    const { state } = this._view;
    const length = getOriginalDoc(state).length;
    const lines = state.sliceDoc(fromB, Math.max(fromB, toB - 1));
    const insert = fromB !== toB && toA <= length ? `${lines}\n` : lines;
    this._isChanged = true;
    this.joined(() => this._options.cell.updateSource(fromA, Math.min(length, toA), insert));
  }

  private _endIfDecided(state: 'accepted' | 'rejected'): void {
    if (this._chunks.length === 0) {
      this._setState(state);
    }
  }

  private _onChanged(_: ISharedCell, { sourceChange }: CellChange): void {
    if (!sourceChange || this._state === 'accepted' || this._state === 'rejected') {
      return;
    }
    const original = getOriginalDoc(this._view.state);
    const length = this._changes?.newLength ?? original.length;
    const changes = changeSet(sourceChange, length);
    if (this.isWriting) {
      this._view.dispatch({ effects: originalDocChangeEffect(this._view.state, changes) });
    } else if (this._state === 'streaming') {
      this._changes = this._changes?.compose(changes) ?? changes;
    } else {
      this._compareAnew(changes);
      this._stateChanged.emit();
    }
  }

  /** The cell has changed: compare with what it is now. */
  private _compareAnew(changes: ChangeSet): void {
    const { state } = this._view;
    const chunks = this._chunks;
    const taken: ITextChange[] = [];
    changes.iterChanges((from, to, _from, _to, inserted) => {
      const isTouched = chunks.some(({ fromA, toA }) => from <= toA && fromA <= to);
      if (isTouched) {
        this._hasConflict = true;
        return;
      }
      const before = chunks.filter(({ toA }) => toA < from).pop();
      const offset = before ? before.toB - before.toA : 0;
      taken.push({ from: from + offset, to: to + offset, insert: inserted.toString() });
    });
    this._view.dispatch({
      changes: taken,
      effects: originalDocChangeEffect(state, changes)
    });
  }

  private _setState(state: DiffState): void {
    if (state !== this._state) {
      this._state = this.node.dataset.state = state;
      if (state === 'accepted' || state === 'rejected') {
        this._writer.end();
      }
      this._stateChanged.emit();
    }
  }

  private readonly _writer: CellWriter;
  private readonly _view: EditorView;
  private _proposal: Proposal;
  /** What others did to the cell while the proposal streamed. */
  private _changes: ChangeSet | null = null;
  private _code = '';
  /** As in the cell, which may come from Windows: no line shall differ by its end alone. */
  private readonly _lineBreak: string;
  private _state: DiffState = 'streaming';
  private _isChanged = false;
  private _hasConflict = false;
  private readonly _stateChanged = new Signal<this, void>(this);
}

function textOf(source: string): Text {
  return Text.of(source.split('\n'));
}

/** A change of a shared model as one of CodeMirror's. */
function changeSet(delta: NonNullable<CellChange['sourceChange']>, length: number): ChangeSet {
  const changes: { from: number; to: number; insert: Text }[] = [];
  let at = 0;
  for (const { retain, insert, delete: removed } of delta) {
    if (retain !== undefined) {
      at += retain;
    } else if (insert !== undefined) {
      changes.push({ from: at, to: at, insert: textOf(insert) });
    } else if (removed !== undefined) {
      changes.push({ from: at, to: at + removed, insert: Text.empty });
      at += removed;
    }
  }
  return ChangeSet.of(changes, length);
}
