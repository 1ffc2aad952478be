/**
 * 'Generate here': asks at a cell what code to write, and has an answer written into it.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PanelLayout } from '@lumino/widgets';
import { AskError, type AskProblem } from '../chat/askerror';
import type { WorkspaceModel } from '../chat/workspace';
import { CommandError } from '../connection/connection';
import { type AttachmentList, unkeptAttachments } from '../context/attachments';
import type { IContextItem } from '../context/kinds';
import type { AttachmentPart } from '../protocol/generated';
import { chatIcon } from '../icons';
import { type CellContext, sourcesUpTo } from './cellcontext';
import type { ICellPlace } from './cellplace';
import { CellPrompt, type IAsked, type Place } from './cellprompt';
import { cellQuestion } from './cellquestion';
import type { CellSessions } from './cellsessions';
import { findTarget, type IPlace, type ITarget, languageOf, pinCell, pinTarget } from './target';
import { problemSentence } from './targetproblem';

interface IOptions {
  app: JupyterFrontEnd;
  /** Null: the page has no notebooks. */
  tracker: INotebookTracker | null;
  workspace: WorkspaceModel;
  trans: TranslationBundle;
  context: CellContext | null;
  sessions: CellSessions;
  /** The user wants it. */
  isEnabled: () => boolean;
}

const GENERATE = 'stream-chat:generate';
const CHANGE = 'stream-chat:change-cell';

export class Generate {
  constructor(private readonly _options: IOptions) {
    const { app, trans, tracker, isEnabled } = _options;
    const common = {
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => isEnabled() && Boolean(tracker?.currentWidget),
      isVisible: isEnabled
    };
    app.commands.addCommand(GENERATE, {
      ...common,
      label: trans.__('Generate Code Here'),
      caption: trans.__('Have a model write code into the active cell'),
      icon: chatIcon,
      execute: () => this._ask(pinTarget(tracker), false)
    });
    app.commands.addCommand(CHANGE, {
      ...common,
      label: trans.__('Change This Cell'),
      caption: trans.__('Have a model propose a change of the active cell'),
      icon: chatIcon,
      execute: () => this._ask(pinTarget(tracker), true)
    });
  }

  /** Change the cell whose error is shown: with the traceback, and what led to it. */
  async fix(target: ITarget | null): Promise<void> {
    const { trans, context } = this._options;
    const place = await this._find(target, true);
    if (!place || !context) {
      return;
    }
    const items = [context.error(place) ?? context.cell(place), context.before(place)];
    const texts = sourcesUpTo(place.notebook, place.index);
    const variables = await context.variables(place.panel, texts);
    const attachments = unkeptAttachments(content =>
      this._options.workspace.attachmentApi.put(content)
    );
    await this._attach(attachments, [...items, ...variables]);
    const text = trans.__('Fix the error in this cell.');
    const asked: IAsked = { text, place: 'change', profileId: this._profileId };
    await this._send(asked, place, attachments);
  }

  /** Show the code of an answer that is there, or is being written, as a change of a cell. */
  async propose(target: ITarget | null, chatId: string, runId: string): Promise<void> {
    const { trans, workspace, sessions } = this._options;
    const place = await this._find(target, true);
    if (!place) {
      return;
    }
    await workspace.whenLoaded();
    if (workspace.info(chatId)) {
      const { chat, follow } = workspace.followBeside(chatId);
      await sessions.begin({ place, where: 'change', chat, follow, runId });
    } else {
      await showErrorMessage(
        trans.__('Nothing was generated'),
        trans.__('The chat of this answer was deleted, or is on another server.')
      );
    }
  }

  /**
   * Have an answer written into a cell, or below it, or change the cell.
   *
   * @returns the chat's identifier.
   * @throws AskError when the cell cannot be used or nothing can be asked.
   */
  async start(text: string, place: ICellPlace = {}): Promise<string> {
    const { path, cellId, change, attach = [] } = place;
    if (!text.trim()) {
      throw new AskError('empty');
    }
    const isChange = change ?? false;
    const found = findTarget(pinCell(this._options.tracker, path, cellId), isChange);
    if (typeof found === 'string') {
      throw new AskError(found);
    }
    const attachments = unkeptAttachments(content =>
      this._options.workspace.attachmentApi.put(content)
    );
    const own = isChange ? (this._options.context?.cell(found) ?? null) : null;
    await this._attach(attachments, [own, ...attach]);
    const where = isChange ? 'change' : this._isFree(found) ? 'here' : 'below';
    const asked: IAsked = { text, place: where, profileId: this._profileId };
    return this._begin(asked, found, await this._upload(attachments));
  }

  // --- the prompt -----------------------------------------------------------------------------------

  private async _ask(target: ITarget | null, isChange: boolean): Promise<void> {
    const { trans, workspace, context } = this._options;
    const place = await this._find(target, isChange);
    const cell = place && widgetOf(place);
    if (!target || !place || !cell) {
      return;
    }
    workspace.connect();
    promptOf(cell)?.dispose();
    const attachments = unkeptAttachments(content =>
      this._options.workspace.attachmentApi.put(content)
    );
    const own = context?.cell(place) ?? null;
    const onPlace = (chosen: Place): void => {
      const chip = attachments.chips.find(({ item }) => item?.kind === 'cell');
      if (chosen === 'change') {
        void this._attach(attachments, [own]);
      } else if (chip) {
        attachments.remove(chip.id);
      }
    };
    const places = this._places(place, isChange);
    const prompt = new CellPrompt({
      trans,
      workspace,
      attachments,
      places,
      profileId: this._profileId,
      onPlace,
      submit: asked => void this._submit(asked, target, attachments, prompt),
      leave: () => {
        prompt.dispose();
        cell.node.focus();
      }
    });
    (cell.layout as PanelLayout).addWidget(prompt);
    onPlace(places[0]);
    await this._attach(attachments, [context?.before(place) ?? null]);
    const texts = sourcesUpTo(place.notebook, place.index);
    const variables = (await context?.variables(place.panel, texts)) ?? [];
    if (!prompt.isDisposed) {
      await this._attach(attachments, variables);
    }
  }

  /** Where the code can go; what is offered first comes first. */
  private _places(place: IPlace, isChange: boolean): readonly Place[] {
    if (this._isFree(place)) {
      return ['here', 'below'];
    }
    const { cell } = place;
    const isCode = cell.cell_type === 'code' && cell.getSource().trim() !== '';
    if (!isCode || cell.getMetadata('editable') === false) {
      return ['below'];
    }
    return isChange ? ['change', 'below'] : ['below', 'change'];
  }

  private async _submit(
    asked: IAsked,
    target: ITarget,
    attachments: AttachmentList,
    prompt: CellPrompt
  ): Promise<void> {
    const place = await this._find(target, asked.place === 'change');
    if (place && (await this._send(asked, place, attachments))) {
      prompt.dispose();
    }
  }

  /** Ask, and say why nothing was asked. */
  private async _send(asked: IAsked, place: IPlace, attachments: AttachmentList): Promise<boolean> {
    const { trans } = this._options;
    try {
      await this._begin(asked, place, await this._upload(attachments));
      return true;
    } catch (error) {
      if (!(error instanceof AskError || error instanceof CommandError)) {
        throw error;
      }
      const said = error instanceof CommandError ? error.message : this._sentence(error.reason);
      await showErrorMessage(trans.__('Nothing was generated'), said);
      return false;
    }
  }

  // --- the answer -----------------------------------------------------------------------------------

  private async _begin(
    { text, place: where, profileId }: IAsked,
    place: IPlace,
    parts: readonly AttachmentPart[]
  ): Promise<string> {
    const { workspace, sessions } = this._options;
    const isChange = where === 'change';
    if (isChange && workspace.maxAttachments === 0) {
      throw new AskError('not_sent'); // the administrator lets no cell go out
    }
    const question = cellQuestion(
      text,
      languageOf(place.notebook),
      isChange ? place.cell.getSource() : null
    );
    const { chat, follow } = workspace.beginBeside();
    workspace.connect();
    chat.setProfile(profileId);
    if (!chat.send(question, parts)) {
      follow.dispose();
      const reason = chat.blockedReason;
      throw new AskError(reason === null || reason === 'loading' ? 'not_sent' : reason);
    }
    this._lastProfile = profileId;
    await sessions.begin({ place, where, chat, follow });
    return chat.chatId;
  }

  private async _attach(
    attachments: AttachmentList,
    items: readonly (IContextItem | null)[]
  ): Promise<void> {
    const { maxAttachments } = this._options.workspace;
    for (const item of items) {
      if (item && attachments.chips.length < maxAttachments) {
        await attachments.add(item);
      }
    }
  }

  /** Bring the attachments to the server; those that cannot be read say so, and keep the question back. */
  private async _upload(attachments: AttachmentList): Promise<readonly AttachmentPart[]> {
    const parts = await attachments.prepare();
    if (!parts) {
      throw new AskError('not_sent');
    }
    return parts;
  }

  private get _profileId(): string | null {
    const { workspace } = this._options;
    const last = workspace.profiles.find(({ profile_id: id }) => id === this._lastProfile);
    return last?.profile_id ?? workspace.current.info.profile_id ?? null;
  }

  /** Whether code can go into the cell as it is. */
  private _isFree({ cell }: IPlace): boolean {
    return (
      cell.cell_type === 'code' &&
      cell.getSource().trim() === '' &&
      cell.getMetadata('editable') !== false &&
      !this._options.sessions.isBusy(cell.getId())
    );
  }

  private async _find(target: ITarget | null, isChange: boolean): Promise<IPlace | null> {
    const { trans } = this._options;
    const place = findTarget(target, isChange);
    if (typeof place !== 'string') {
      return place;
    }
    await showErrorMessage(trans.__('Nothing was generated'), this._sentence(place));
    return null;
  }

  private _sentence(reason: AskProblem): string {
    const { trans } = this._options;
    switch (reason) {
      case 'no_notebook':
      case 'closed':
      case 'cell_gone':
      case 'cell_locked':
      case 'read_only':
        return problemSentence(reason, trans);
      case 'no_profile':
        return trans.__('No model profile is set up. Add one in the Stream Chat panel.');
      default:
        return trans.__('The question could not be sent.');
    }
  }

  private _lastProfile: string | null = null;
}

function widgetOf({ panel, index }: Pick<IPlace, 'panel' | 'index'>): Cell | undefined {
  return panel.content.widgets[index];
}

function promptOf({ layout }: Cell): CellPrompt | undefined {
  return (layout as PanelLayout).widgets.find(
    (widget): widget is CellPrompt => widget instanceof CellPrompt
  );
}
