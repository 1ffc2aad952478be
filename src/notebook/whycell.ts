/**
 * 'Why is this cell here?': from a cell to the message that its code came from.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import { provenanceOf } from './provenance';

interface IOptions {
  app: JupyterFrontEnd;
  tracker: INotebookTracker;
  workspace: WorkspaceModel;
  trans: TranslationBundle;
  /** Show a chat in the panel, whose element this is. */
  openChat: (chatId: string) => void;
  panel: Element;
}

export function addWhyCell({ app, tracker, workspace, trans, openChat, panel }: IOptions): void {
  const source = (): ReturnType<typeof provenanceOf> => {
    const cell = tracker.currentWidget?.content.activeCell;
    return cell ? provenanceOf(cell.model.sharedModel) : null;
  };
  app.commands.addCommand('stream-chat:why-cell', {
    label: trans.__('Why Is This Cell Here?'),
    caption: trans.__('Show the answer that the code of the cell came from'),
    describedBy: { args: { type: 'object', properties: {} } },
    isVisible: () => source() !== null,
    isEnabled: () => source() !== null,
    execute: async () => {
      const about = source();
      if (about && workspace.isLoaded && !workspace.info(about.chat)) {
        await showErrorMessage(
          trans.__('The chat is gone'),
          trans.__('The chat that wrote this cell was deleted, or is on another server.')
        );
      } else if (about) {
        openChat(about.chat);
        await arrived(workspace.current, panel, about.message);
      }
    }
  });
}

/** Resolves when a message is in view; its branch is shown if another one is. */
function arrived(chat: ChatModel, panel: Element, messageId: string): Promise<void> {
  return new Promise(resolve => {
    let isSelected = false;
    const look = (): void => {
      if (chat.blockedReason === 'loading') {
        return;
      }
      const isHere = chat.messages.some(({ message_id: id }) => id === messageId);
      if (!isHere && !isSelected) {
        isSelected = true;
        chat.branches.select(messageId);
      }
      const node = panel.querySelector<HTMLElement>(`[data-message-id="${messageId}"]`);
      if (node) {
        observer.disconnect();
        node.tabIndex = -1;
        node.focus({ preventScroll: true });
        node.scrollIntoView({ block: 'start' });
        resolve();
      }
    };
    const observer = new MutationObserver(look);
    observer.observe(panel, { childList: true, subtree: true });
    look();
  });
}
