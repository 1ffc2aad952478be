/**
 * Explain and Fix, for the error of a cell.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { WorkspaceModel } from '../chat/workspace';
import { CommandError } from '../connection/connection';
import { unkeptAttachments } from '../context/attachments';
import type { CellContext } from './cellcontext';
import type { IErrorActions } from './erroroutput';
import type { Generate } from './generate';
import { findTarget, type ITarget, pinTarget } from './target';
import { problemSentence } from './targetproblem';

interface IOptions {
  app: JupyterFrontEnd;
  tracker: INotebookTracker;
  workspace: WorkspaceModel;
  trans: TranslationBundle;
  context: CellContext;
  generate: Generate;
  /** The user wants it. */
  isEnabled: () => boolean;
  /** Bring the panel to the front. */
  activate: () => void;
}

export class ErrorActions implements IErrorActions {
  constructor(private readonly _options: IOptions) {
    const { app, trans, tracker } = _options;
    const common = {
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => this._hasError(pinTarget(tracker)),
      isVisible: _options.isEnabled
    };
    app.commands.addCommand('stream-chat:explain-error', {
      ...common,
      label: trans.__('Explain the Error of This Cell'),
      execute: () => this._explain(pinTarget(tracker))
    });
    app.commands.addCommand('stream-chat:fix-error', {
      ...common,
      label: trans.__('Fix the Error of This Cell'),
      execute: () => this._options.generate.fix(pinTarget(tracker))
    });
  }

  isOffered(node: Element): boolean {
    const { tracker, isEnabled } = this._options;
    return isEnabled() && tracker.find(panel => panel.node.contains(node)) !== undefined;
  }

  explain(node: Element): void {
    void this._explain(pinTarget(this._options.tracker, node));
  }

  fix(node: Element): void {
    const { generate, tracker } = this._options;
    void generate.fix(pinTarget(tracker, node));
  }

  private _hasError(target: ITarget | null): boolean {
    const { context, isEnabled } = this._options;
    const place = isEnabled() ? findTarget(target, false) : 'no_notebook';
    return typeof place !== 'string' && context.error(place) !== null;
  }

  /** Ask about the error in the chat that is open; in a new one while that is busy. */
  private async _explain(target: ITarget | null): Promise<void> {
    const { workspace, trans, context, activate } = this._options;
    const place = findTarget(target, false);
    if (typeof place === 'string') {
      await showErrorMessage(trans.__('Nothing was asked'), problemSentence(place, trans));
      return;
    }
    activate();
    workspace.connect();
    const chat = workspace.current.blockedReason ? workspace.newChat() : workspace.current;
    const attachments = unkeptAttachments(content => workspace.attachmentApi.put(content));
    for (const item of [context.error(place), context.before(place)]) {
      if (item) {
        await attachments.add(item);
      }
    }
    const { draft } = chat;
    try {
      const parts = await attachments.prepare();
      if (parts && chat.send(trans.__('Explain this error, and say how to fix it.'), parts)) {
        chat.draft = draft;
      }
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      workspace.report(error.info);
    }
  }
}
