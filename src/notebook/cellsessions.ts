/**
 * All answers that are at cells: begins them. What cannot go on at its cell is said, with the way to its chat.
 */
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
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
import type { ICodeSink } from './codesink';
import { Generation } from './generation';
import { insertCells } from './insertcode';
import { kernelNames } from './kernelnames';
import { NameWatch } from './namewatch';
import { findTarget, type IPlace, languageOf, type TargetProblem } from './target';
import { problemSentence } from './targetproblem';

interface IOptions {
  readonly workspace: WorkspaceModel;
  readonly languages: IEditorLanguageRegistry;
  readonly trans: TranslationBundle;
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
}

/** An answer at its cell. */
interface IShown {
  readonly place: IPlace;
  /** The cell was made for the answer. */
  readonly isNewCell: boolean;
  readonly chat: ChatModel;
  readonly follow: IDisposable;
  readonly sink: ICodeSink;
  readonly diff: CellDiff | null;
}

export class CellSessions {
  constructor(private readonly _options: IOptions) {}

  /** Whether an answer is being written into a cell. */
  isBusy(cellId: string): boolean {
    const session = this._sessions.get(cellId);
    return session !== undefined && !session.isOver;
  }

  /** Have an answer written to its cell. */
  async begin({ place, where, chat, follow }: IBegun): Promise<void> {
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
    const sink = diff ?? new CellWriter(cell);
    const session = this._show({
      place: written,
      isNewCell: where === 'below',
      chat,
      follow,
      sink,
      diff
    });
    const widget = panel.content.widgets[at];
    if (widget) {
      // The cell may be new or out of sight: it can take the focus once it is on the page.
      await Promise.all([session.attach(widget), panel.content.scrollToItem(at, 'smart')]);
      session.focus();
    }
  }

  // --- at the cell ----------------------------------------------------------------------------------

  private _show({ place, isNewCell, chat, follow, sink, diff }: IShown): CellSession {
    const { workspace, trans, openChat, settings } = this._options;
    const { cell, panel } = place;
    const { chatId } = chat;
    const cellId = cell.getId();
    this._sessions.get(cellId)?.dispose();
    const language = languageOf(place.notebook);
    const generation = new Generation({ chat, sink, language });
    const watch = sink instanceof CellWriter ? this._watch(place, generation, sink) : null;
    const session: CellSession = new CellSession({
      cell,
      generation,
      sink,
      diff,
      workspace,
      trans,
      openChat: () => openChat(chatId),
      undo: () => this._undo(place, generation, sink, isNewCell),
      marksSource: () => settings().cellSource,
      problem: () => this._problem(panel, cellId),
      note: () => watch?.sentence ?? null
    });
    const isGone = (): void => {
      if (!generation.isOver || diff?.state === 'open') {
        this._tellGone(panel.isDisposed ? 'closed' : 'cell_gone', chatId);
      }
      session.dispose();
    };
    cell.disposed.connect(isGone);
    session.left.connect(() => {
      watch?.end();
      cell.disposed.disconnect(isGone);
      follow.dispose();
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
