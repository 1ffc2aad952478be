/**
 * 'Generate here': asks at a cell what code to write, and has an answer written into it.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PanelLayout } from '@lumino/widgets';
import type { WorkspaceModel } from '../chat/workspace';
import { chatIcon } from '../icons';
import { CellBar, type IBarAction } from './cellbar';
import { cellQuestion, cellsBefore } from './cellquestion';
import { Generation } from './generation';
import { insertCells } from './insertcode';
import { findTarget, type IPlace, type ITarget, languageOf, pinTarget } from './target';
import { problemSentence } from './targetproblem';

interface IOptions {
  app: JupyterFrontEnd;
  /** Null: the page has no notebooks. */
  tracker: INotebookTracker | null;
  workspace: WorkspaceModel;
  trans: TranslationBundle;
  /** The user wants it. */
  isEnabled: () => boolean;
  /** Show a chat in the panel. */
  openChat: (chatId: string) => void;
}

const COMMAND = 'stream-chat:generate';

export class Generate {
  constructor(private readonly _options: IOptions) {
    const { app, trans, tracker, isEnabled } = _options;
    app.commands.addCommand(COMMAND, {
      label: trans.__('Generate Code Here'),
      caption: trans.__('Have a model write code into the active cell'),
      icon: chatIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => isEnabled() && Boolean(tracker?.currentWidget),
      isVisible: isEnabled,
      execute: () => this._ask(pinTarget(tracker))
    });
  }

  private async _ask(target: ITarget | null): Promise<void> {
    const { trans } = this._options;
    const place = await this._find(target);
    const cell = place && widgetOf(place);
    if (!target || !place || !cell) {
      return;
    }
    barOf(cell)?.dispose();
    const bar = new CellBar();
    (cell.layout as PanelLayout).addWidget(bar);
    const { sources } = cellsBefore(place.notebook, place.index);
    const note = trans._n(
      'Sends this line and %1 cell that ran before.',
      'Sends this line and %1 cells that ran before.',
      sources.length
    );
    bar.ask(trans.__('What should the code do?'), note, text => {
      bar.dispose();
      if (text === null) {
        cell.node.focus();
      } else {
        void this._start(text, target);
      }
    });
  }

  private async _start(instruction: string, target: ITarget): Promise<void> {
    const { workspace, trans } = this._options;
    const place = await this._find(target);
    if (!place) {
      return;
    }
    const { notebook, index, cell } = place;
    const language = languageOf(notebook);
    const question = cellQuestion(instruction, language, cellsBefore(notebook, index));
    const { chat, follow } = workspace.beginBeside();
    workspace.connect();
    chat.setProfile(workspace.current.info.profile_id ?? null);
    if (!chat.send(question)) {
      follow.dispose();
      await showErrorMessage(
        trans.__('Nothing was generated'),
        trans.__('No model profile is set up. Add one in the Stream Chat panel.')
      );
      return;
    }
    const isFree =
      cell.cell_type === 'code' &&
      cell.getSource().trim() === '' &&
      cell.getMetadata('editable') !== false;
    const at = isFree ? index : index + 1;
    if (!isFree) {
      insertCells(notebook, at, [{ cell_type: 'code', source: '' }]);
    }
    const written = notebook.cells[at];
    place.panel.content.activeCellIndex = at;
    const generation = new Generation({
      chat,
      notebook,
      cell: written,
      isNewCell: !isFree,
      language
    });
    generation.stateChanged.connect(() => generation.isOver && follow.dispose());
    written.disposed.connect(() => follow.dispose());
    const widget = widgetOf({ ...place, index: at, cell: written });
    if (widget) {
      const bar = this._show(generation, widget, chat.chatId);
      // The cell may be new or out of sight: it can take the focus once it is on the page.
      await place.panel.content.scrollToItem(at, 'smart');
      bar.node.querySelector('button')?.focus();
    }
  }

  /** Tell at the cell how it goes, until the cell is edited afterwards. */
  private _show(generation: Generation, cell: Cell, chatId: string): CellBar {
    const { trans, openChat } = this._options;
    barOf(cell)?.dispose();
    const bar = new CellBar();
    (cell.layout as PanelLayout).addWidget(bar);
    const model = cell.model.sharedModel;
    const leave = (): void => {
      document.removeEventListener('keydown', onKey, true);
      model.changed.disconnect(onEdit);
      generation.dispose();
      bar.dispose();
    };
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      // A cell that is laid out anew loses the focus to the page.
      const isHere =
        target === document.body || (target instanceof Node && cell.node.contains(target));
      if (event.key === 'Escape' && isHere && !generation.isOver) {
        event.stopPropagation();
        generation.stop();
      }
    };
    const onEdit = (): void => {
      if (generation.isOver) {
        leave();
      }
    };
    const undo: IBarAction = {
      label: trans.__('Undo'),
      run: () => {
        generation.undo();
        leave();
      }
    };
    const open: IBarAction = { label: trans.__('Open chat'), run: () => openChat(chatId) };
    const stop: IBarAction = { label: trans.__('Stop'), run: () => generation.stop() };
    const update = (): void => {
      bar.tell(this._sentence(generation), generation.isOver ? [undo, open] : [stop, open]);
      if (generation.isOver) {
        model.changed.connect(onEdit);
      }
    };
    document.addEventListener('keydown', onKey, true);
    generation.stateChanged.connect(update);
    update();
    return bar;
  }

  private _sentence({ state }: Generation): string {
    const { trans } = this._options;
    switch (state) {
      case 'waiting':
        return trans.__('Waiting for the model');
      case 'writing':
        return trans.__('Writing code');
      case 'stopped':
        return trans.__('Stopped');
      case 'failed':
        return trans.__('The answer ended with an error, see the chat.');
      case 'no_code':
        return trans.__('The answer holds no code, see the chat.');
      case 'done':
        return trans.__('Code written; it was not run.');
    }
  }

  private async _find(target: ITarget | null): Promise<IPlace | null> {
    const { trans } = this._options;
    const place = findTarget(target, false);
    if (typeof place !== 'string') {
      return place;
    }
    await showErrorMessage(trans.__('Nothing was generated'), problemSentence(place, trans));
    return null;
  }
}

function widgetOf({ panel, index }: IPlace): Cell | undefined {
  return panel.content.widgets[index];
}

function barOf({ layout }: Cell): CellBar | undefined {
  return (layout as PanelLayout).widgets.find(
    (widget): widget is CellBar => widget instanceof CellBar
  );
}
