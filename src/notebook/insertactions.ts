/**
 * The buttons, the menu and the dialogs by which answers get into notebooks.
 *
 * The target is pinned when the user acts, which for the menu is when it opens. What cannot be inserted is offered for
 * a new notebook and for the clipboard.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addBelowIcon, ellipsesIcon, type LabIcon } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';
import type { CodeActions, ICodeBlock } from '../markdown';
import { answerCells, chosenCell, type INewCell } from './answercells';
import { insertCells, insertText, replaceSource } from './insertcode';
import type { NewDocuments } from './newdocument';
import {
  fileName,
  findTarget,
  type IPlace,
  type ITarget,
  languageOf,
  pinTarget,
  type TargetProblem
} from './target';
import { problemSentence } from './targetproblem';
import { UndoInsert } from './undoinsert';

interface IOptions {
  app: JupyterFrontEnd;
  /** Null: the page has no notebooks. */
  tracker: INotebookTracker | null;
  documents: NewDocuments;
  /** Markdown as a model wrote it, in the words that every reader of notebooks has. */
  rewriteMarkdown: (markdown: string) => Promise<string>;
  trans: TranslationBundle;
}

type Change = 'below' | 'above' | 'cursor' | 'replace';

/** What the user acted on. */
interface IChosen {
  readonly block: ICodeBlock;
  readonly target: ITarget | null;
}

export class InsertActions {
  constructor({ app, tracker, documents, rewriteMarkdown, trans }: IOptions) {
    this._app = app;
    this._tracker = tracker;
    this._documents = documents;
    this._rewriteMarkdown = rewriteMarkdown;
    this._trans = trans;
    this._menu = this._createMenu();
    this._undo = new UndoInsert(app, trans);
    this._status.className = 'jp-sr-only';
    this._status.setAttribute('role', 'status');
    document.body.append(this._status);
  }

  /** The buttons on a code block. */
  readonly codeActions: CodeActions = block => {
    const below = createButton(addBelowIcon, this._trans.__('Insert below'));
    below.classList.add('jp-StreamChat-insertBelow');
    below.addEventListener('click', () => this._insert('below', this._choose(block)));
    for (const event of ['pointerenter', 'focus']) {
      below.addEventListener(event, () => {
        below.title = this._describeBelow(block.node);
      });
    }
    const more = createButton(ellipsesIcon, this._trans.__('More ways to use this code'));
    more.setAttribute('aria-haspopup', 'menu');
    more.addEventListener('click', () => this._openMenu(more, block));
    return [below, more];
  };

  /** Insert an answer below the target as cells, in one step of undo. */
  readonly answer = async (markdown: string, origin: HTMLElement): Promise<void> => {
    const target = pinTarget(this._tracker, origin);
    // Without the server the text is inserted as the model wrote it.
    const text = await this._rewriteMarkdown(markdown).catch(() => markdown);
    const place = findTarget(target, false);
    if (typeof place === 'string') {
      await this._refuse(place, markdown, answerCells(text, 'python'), '');
      return;
    }
    const cells = answerCells(text, languageOf(place.notebook));
    this._insertCells(place, place.index + 1, cells, origin);
  };

  // --- into the notebook ----------------------------------------------------------------------------

  private _choose(block: ICodeBlock): IChosen {
    return { block, target: pinTarget(this._tracker, block.node) };
  }

  private _insert(change: Change, { block, target }: IChosen): void {
    const { text, language } = block;
    const changesCell = change === 'cursor' || change === 'replace';
    const place = findTarget(target, changesCell);
    if (typeof place === 'string') {
      void this._refuse(place, text, [chosenCell(text, language, language)], language);
    } else if (changesCell) {
      this._changeCell(place, text, change === 'replace');
    } else {
      const cell = chosenCell(text, language, languageOf(place.notebook));
      this._insertCells(place, place.index + (change === 'below' ? 1 : 0), [cell], block.node);
    }
  }

  private _insertCells(
    { panel, notebook }: IPlace,
    index: number,
    cells: readonly INewCell[],
    origin: Element
  ): void {
    const [first] = insertCells(notebook, index, cells);
    const last = index + cells.length - 1;
    // What is inserted next comes after it.
    this._show({ panel, cellId: first }, last);
    this._undo.offer(panel, origin);
    this._status.textContent = this._trans._n(
      'Inserted %1 cell at position %2 of %3.',
      'Inserted %1 cells at position %2 of %3.',
      cells.length,
      index + 1,
      fileName({ panel, cellId: first })
    );
  }

  private _changeCell(place: IPlace, text: string, isWhole: boolean): void {
    const { panel, cell, index } = place;
    const target = { panel, cellId: cell.getId() };
    if (isWhole) {
      replaceSource(cell, text);
    } else {
      // A cell that is out of sight may have no editor, and so no cursor.
      const editor = panel.content.widgets[index]?.editor;
      const selection = editor?.getSelection();
      const end = cell.getSource().length;
      const range =
        editor && selection
          ? [editor.getOffsetAt(selection.start), editor.getOffsetAt(selection.end)]
          : [end, end];
      const [from, to] = [Math.min(...range), Math.max(...range)];
      insertText(cell, text, from, to);
      const after = editor?.getPositionAt(from + text.length);
      if (editor && after) {
        editor.setCursorPosition(after);
      }
    }
    this._show(target, index);
    this._status.textContent = this._trans.__(
      'Changed the cell at position %1 of %2.',
      index + 1,
      fileName(target)
    );
  }

  /** Bring the change into view; the focus stays where it is. */
  private _show({ panel }: ITarget, index: number): void {
    if (!panel.isVisible) {
      this._app.shell.activateById(panel.id);
    }
    panel.content.activeCellIndex = index;
    panel.content.deselectAll();
    void panel.content.scrollToItem(index, 'smart');
  }

  private _describeBelow(node: HTMLElement): string {
    const target = pinTarget(this._tracker, node);
    return target
      ? this._trans.__('Insert below the active cell of %1', fileName(target))
      : this._trans.__('Insert below');
  }

  // --- the menu -------------------------------------------------------------------------------------

  private _createMenu(): Menu {
    const { commands } = this._app;
    const trans = this._trans;
    const menu = new Menu({ commands });
    menu.addClass('jp-StreamChat-codeMenu');
    const add = (id: string, label: string, execute: (chosen: IChosen) => unknown): void => {
      const command = `stream-chat:${id}`;
      commands.addCommand(command, {
        label,
        describedBy: { args: { type: 'object', properties: {} } },
        isEnabled: () => this._chosen !== null,
        execute: () => this._chosen && execute(this._chosen)
      });
      menu.addItem({ command });
    };
    add('insert-above', trans.__('Insert above'), each => this._insert('above', each));
    add('insert-at-cursor', trans.__('Insert at the cursor'), each => this._insert('cursor', each));
    add('replace-cell', trans.__('Replace the cell'), each => this._insert('replace', each));
    menu.addItem({ type: 'separator' });
    add('code-to-notebook', trans.__('New notebook'), ({ block }) => {
      const cell = chosenCell(block.text, block.language, block.language);
      return this._toNotebook([cell], block.language, block.text);
    });
    add('code-to-file', trans.__('New file'), ({ block }) =>
      this._attempt(block.text, () => this._documents.file(block.text, block.language))
    );
    return menu;
  }

  private _openMenu(button: HTMLElement, block: ICodeBlock): void {
    this._chosen = this._choose(block);
    const { left, bottom } = button.getBoundingClientRect();
    const giveBack = (): void => {
      this._menu.aboutToClose.disconnect(giveBack);
      // After the menu has let go of the focus, and before a dialog of the command takes it.
      button.focus({ preventScroll: true });
    };
    this._menu.aboutToClose.connect(giveBack);
    this._menu.open(left, bottom);
  }

  // --- elsewhere ------------------------------------------------------------------------------------

  /** Say why nothing was inserted, and offer other places for the text. */
  private async _refuse(
    problem: TargetProblem,
    text: string,
    cells: readonly INewCell[],
    language: string
  ): Promise<void> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Nothing was inserted'),
      body: problemSentence(problem, trans),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.createButton({ label: trans.__('Copy'), actions: ['copy'] }),
        Dialog.okButton({ label: trans.__('New notebook'), actions: ['notebook'] })
      ]
    });
    if (button.actions.includes('copy')) {
      Clipboard.copyToSystem(text);
    } else if (button.actions.includes('notebook')) {
      await this._toNotebook(cells, language, text);
    }
  }

  private async _toNotebook(
    cells: readonly INewCell[],
    language: string,
    text: string
  ): Promise<void> {
    await this._attempt(text, () => this._documents.notebook(cells, language));
  }

  private async _attempt(text: string, create: () => Promise<void>): Promise<void> {
    try {
      await create();
    } catch (error) {
      Clipboard.copyToSystem(text);
      const said = error instanceof Error ? error.message : String(error);
      await showErrorMessage(
        this._trans.__('The file could not be made. The text is on the clipboard.'),
        said
      );
    }
  }

  private readonly _app: JupyterFrontEnd;
  private readonly _tracker: INotebookTracker | null;
  private readonly _documents: NewDocuments;
  private readonly _rewriteMarkdown: (markdown: string) => Promise<string>;
  private readonly _trans: TranslationBundle;
  private readonly _menu: Menu;
  private readonly _undo: UndoInsert;
  private readonly _status = document.createElement('div');
  private _chosen: IChosen | null = null;
}

function createButton(icon: LabIcon, label: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  icon.element({ container: button, stylesheet: 'toolbarButton' });
  return button;
}
