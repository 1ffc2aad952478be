/**
 * All answers that are at cells: begins them, and takes them up again after a reload of the page.
 *
 * Owns what is kept of each in the browser's tab. What cannot go on at its cell is said, with the way to its chat.
 */
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Extension } from '@codemirror/state';
import type { IDisposable } from '@lumino/disposable';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import type { IPanelSettings } from '../components/context';
import { CellDiff } from './celldiff';
import type { Place } from './cellprompt';
import { CellSession } from './cellsession';
import { CellWriter } from './cellwriter';
import { cellMagicOf } from './codelanguages';
import type { ICodeSink } from './codesink';
import { Generation } from './generation';
import { insertCells } from './insertcode';
import { kernelNames } from './kernelnames';
import { NameWatch } from './namewatch';
import { takeForPage } from './onepage';
import { ResumedWriter } from './resumedwriter';
import type { IKeptSession, KeptSessions } from './resume';
import { findTarget, type IPlace, languageOf, type TargetProblem } from './target';
import { problemSentence } from './targetproblem';

interface IOptions {
  readonly tracker: INotebookTracker | null;
  readonly workspace: WorkspaceModel;
  readonly languages: IEditorLanguageRegistry;
  readonly trans: TranslationBundle;
  readonly kept: KeptSessions;
  /** Show a chat in the panel. */
  readonly openChat: (chatId: string) => void;
  readonly settings: () => Pick<IPanelSettings, 'cellSource' | 'unknownNames'>;
}

/** An answer that was asked for. */
interface IBegun {
  readonly place: IPlace;
  readonly where: Place;
  readonly chat: ChatModel;
  /** Follows the chat until it is disposed. */
  readonly follow: IDisposable;
  /** A run of the answer; absent: it is the first one of the chat. */
  readonly runId?: string;
}

/** An answer at its cell. */
interface IShown {
  readonly place: IPlace;
  readonly kept: IKeptSession;
  readonly chat: ChatModel;
  readonly follow: IDisposable;
  readonly sink: ICodeSink;
  readonly diff: CellDiff | null;
}

export class CellSessions {
  constructor(private readonly _options: IOptions) {
    const { tracker } = _options;
    tracker?.forEach(panel => void this._resumeAll(panel));
    tracker?.widgetAdded.connect((_, panel) => void this._resumeAll(panel));
  }

  /** Whether an answer is being written into a cell. */
  isBusy(cellId: string): boolean {
    const session = this._sessions.get(cellId);
    return session !== undefined && !session.isOver;
  }

  /** Have an answer written to its cell. */
  async begin({ place, where, chat, follow, runId }: IBegun): Promise<void> {
    const { notebook, panel, index } = place;
    const isChange = where === 'change';
    const at = where === 'below' ? index + 1 : index;
    if (where === 'below') {
      insertCells(notebook, at, [{ cell_type: 'code', source: '' }]);
    }
    const cell = notebook.cells[at];
    panel.content.activeCellIndex = at;
    const written = { ...place, cell, index: at };
    const diff = isChange ? await this._createDiff(written) : null;
    const kept: IKeptSession = {
      chatId: chat.chatId,
      path: panel.context.path,
      cellId: cell.getId(),
      index: at,
      count: notebook.cells.length,
      below: where === 'below' ? place.cell.getId() : null,
      isChange,
      runId: runId ?? null
    };
    const sink = diff ?? new CellWriter(cell);
    const session = this._show({ place: written, kept, chat, follow, sink, diff });
    void takeForPage(kept).then(page => whileShown(session, page));
    const widget = panel.content.widgets[at];
    if (widget) {
      // The cell may be new or out of sight: it can take the focus once it is on the page.
      await Promise.all([session.attach(widget), panel.content.scrollToItem(at, 'smart')]);
      session.focus();
    }
  }

  // --- at the cell ----------------------------------------------------------------------------------

  private _show({ place, kept, chat, follow, sink, diff }: IShown): CellSession {
    const { workspace, trans, openChat, settings, kept: all } = this._options;
    const { cell, panel } = place;
    const { chatId, cellId, isChange } = kept;
    this._sessions.get(cellId)?.dispose();
    const language = languageOf(place.notebook);
    const magic = diff ? cellMagicOf(cell.getSource()) : null;
    const generation = new Generation({ chat, sink, language, magic, runId: kept.runId });
    const watch = sink instanceof CellWriter ? this._watch(place, generation, sink) : null;
    const session: CellSession = new CellSession({
      cell,
      generation,
      sink,
      diff,
      workspace,
      trans,
      openChat: () => openChat(chatId),
      undo: () => this._undo(place, generation, sink, kept.below !== null),
      marksSource: () => settings().cellSource,
      problem: () => this._problem(panel, cellId),
      note: () => watch?.sentence ?? null
    });
    const remember = (): void => all.keep({ ...kept, path: panel.context.path });
    const settled = (): void => {
      // A change that is not decided is shown again after a reload.
      if (generation.isOver && !isChange) {
        all.forget(kept);
      }
    };
    const isGone = (): void => {
      if (!generation.isOver || diff?.state === 'open') {
        this._tellGone(panel.isDisposed ? 'closed' : 'cell_gone', chatId);
      }
      session.dispose();
    };
    remember();
    panel.context.pathChanged.connect(remember);
    generation.changed.connect(settled);
    settled();
    cell.disposed.connect(isGone);
    // A notebook that is closed disposes of no cells.
    panel.disposed.connect(isGone);
    session.left.connect(() => {
      watch?.end();
      panel.context.pathChanged.disconnect(remember);
      cell.disposed.disconnect(isGone);
      panel.disposed.disconnect(isGone);
      follow.dispose();
      all.forget(kept);
      if (this._sessions.get(cellId) === session) {
        this._sessions.delete(cellId);
      }
    });
    this._sessions.set(cellId, session);
    return session;
  }

  /** Look for names that the kernel does not know. */
  private _watch(
    { panel, notebook, cell }: IPlace,
    generation: Generation,
    writer: CellWriter
  ): NameWatch | null {
    const { trans, settings, languages } = this._options;
    const { unknownNames } = settings();
    if (unknownNames === 'off' || languageOf(notebook) !== 'python') {
      return null;
    }
    const watch = new NameWatch({
      generation,
      writer,
      trans,
      widget: () => panel.content.widgets.find(({ model }) => model.sharedModel === cell),
      stops: unknownNames === 'stop'
    });
    const begin = async (): Promise<void> => {
      const known = await kernelNames(panel, trans);
      const python = await languages.getLanguage('python');
      if (known && python?.support) {
        watch.begin(python.support.language.parser, known);
      }
    };
    void begin();
    return watch;
  }

  private async _createDiff({ panel, cell }: IPlace): Promise<CellDiff> {
    const { trans } = this._options;
    const cellId = cell.getId();
    return new CellDiff({
      cell,
      trans,
      language: await this._colours(panel),
      mayWrite: () => this._problem(panel, cellId) === null
    });
  }

  private _problem(panel: NotebookPanel, cellId: string): TargetProblem | null {
    const found = findTarget({ panel, cellId }, true);
    return typeof found === 'string' ? found : null;
  }

  /** Take back what was written, with the cell if it was made for it and holds nothing else. */
  private _undo(
    { notebook, cell }: IPlace,
    generation: Generation,
    sink: ICodeSink,
    isNewCell: boolean
  ): void {
    if (!generation.isOver) {
      generation.stop();
    }
    generation.dispose();
    sink.undo();
    const index = notebook.cells.indexOf(cell as (typeof notebook.cells)[number]);
    if (isNewCell && index >= 0 && cell.getSource() === '' && notebook.cells.length > 1) {
      notebook.deleteCell(index);
    }
  }

  private async _colours(panel: NotebookPanel): Promise<Extension> {
    const language = await this._options.languages.getLanguage(panel.content.codeMimetype);
    return language?.support ?? [];
  }

  // --- after a reload -------------------------------------------------------------------------------

  private async _resumeAll(panel: NotebookPanel): Promise<void> {
    await panel.context.ready;
    await panel.revealed;
    for (const kept of this._options.kept.of(panel.context.path)) {
      if (!panel.isDisposed && !this._sessions.has(kept.cellId)) {
        await this._resume(panel, kept);
      }
    }
  }

  private async _resume(panel: NotebookPanel, kept: IKeptSession): Promise<void> {
    const { workspace, kept: all } = this._options;
    await workspace.whenLoaded();
    if (!workspace.info(kept.chatId) && !workspace.storage.unsent.has(kept.chatId)) {
      all.forget(kept);
      return;
    }
    const page = await takeForPage(kept);
    if (!page) {
      all.forget(kept);
      return;
    }
    const place = this._placeAgain(panel, kept);
    if (typeof place === 'string') {
      page.dispose();
      all.forget(kept);
      this._tellGone(place, kept.chatId);
      return;
    }
    const { cell, index } = place;
    const { chat, follow } = workspace.followBeside(kept.chatId);
    const count = place.notebook.cells.length;
    const now = { ...kept, cellId: cell.getId(), index, count };
    const diff = kept.isChange ? await this._createDiff(place) : null;
    const toDiff = (): void => void this._compare(place, now);
    const sink = diff ?? new ResumedWriter(cell, toDiff);
    const session = this._show({ place, kept: now, chat, follow, sink, diff });
    whileShown(session, page);
    const widget = panel.content.widgets[index];
    if (widget) {
      await session.attach(widget);
    }
  }

  /** The cell was edited before the reload: the whole answer is compared with it. */
  private async _compare(place: IPlace, kept: IKeptSession): Promise<void> {
    const { workspace } = this._options;
    const { chat, follow } = workspace.followBeside(kept.chatId);
    const diff = await this._createDiff(place);
    const change = { ...kept, isChange: true };
    const session = this._show({ place, kept: change, chat, follow, sink: diff, diff });
    const widget = place.panel.content.widgets[place.index];
    if (widget) {
      await session.attach(widget);
    }
  }

  /** The cell of an answer; a new one where it was not saved. */
  private _placeAgain(panel: NotebookPanel, kept: IKeptSession): IPlace | TargetProblem {
    const { cellId, below, index, count } = kept;
    const place = findTarget({ panel, cellId }, true);
    if (place !== 'cell_gone') {
      return place;
    }
    const { cells = [], nbformat_minor: minor = 0 } = panel.content.model?.sharedModel ?? {};
    // Notebooks before nbformat 4.5 keep no identifiers: there the place says which cell it was.
    const idAt = (at: number): string => (minor < 5 ? (cells[at]?.getId() ?? '') : '');
    if (cells.length === count) {
      return findTarget({ panel, cellId: idAt(index) }, true);
    }
    if (below === null || cells.length !== count - 1) {
      return place;
    }
    const named = findTarget({ panel, cellId: below }, false);
    const above =
      named === 'cell_gone' ? findTarget({ panel, cellId: idAt(index - 1) }, false) : named;
    if (typeof above === 'string') {
      return above;
    }
    const at = above.index + 1;
    insertCells(above.notebook, at, [{ cell_type: 'code', source: '' }]);
    return { ...above, index: at, cell: above.notebook.cells[at] };
  }

  /** Say that an answer goes on without its cell. */
  private _tellGone(problem: TargetProblem, chatId: string): void {
    const { trans, openChat } = this._options;
    const said = problemSentence(problem, trans);
    Notification.warning(trans.__('%1 The answer for it is in its chat.', said), {
      autoClose: false,
      actions: [{ label: trans.__('Open chat'), callback: () => openChat(chatId) }]
    });
  }

  /** By cell. */
  private readonly _sessions = new Map<string, CellSession>();
}

/** Keep something for as long as an answer is at its cell; null: there is nothing to keep. */
function whileShown(session: CellSession, kept: IDisposable | null): void {
  if (session.isDisposed) {
    kept?.dispose();
  } else {
    session.left.connect(() => kept?.dispose());
  }
}
