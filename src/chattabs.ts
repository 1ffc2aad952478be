/**
 * Chats in tabs of the main area: opens them, knows which one is in use, and brings them back after a reload.
 */
import type { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { WorkspaceModel } from './chat/workspace';
import { ChatTab } from './components/chattab';
import type { IChatWidgetOptions } from './components/chatwidget';
import type { IPanelSettings } from './components/context';
import { leaveTyping } from './components/focus';
import type { ChatPanel } from './components/panel';

interface IOptions {
  shell: ILabShell;
  workspace: WorkspaceModel;
  panel: ChatPanel;
  restorer: ILayoutRestorer | null;
  /** The command that opens a tab. */
  command: string;
  /** What a tab is made of, with the settings as they are. */
  widgetOptions: () => IChatWidgetOptions;
}

export class ChatTabs {
  constructor(options: IOptions) {
    this._options = options;
    options.panel.node.addEventListener('focusin', () => {
      this._isPanelInUse = true;
    });
    void options.restorer?.restore(this._tracker, {
      command: options.command,
      args: ({ chat }) => ({ chat_id: chat.chatId, activate: false }),
      name: ({ chat }) => chat.chatId
    });
  }

  /** Show the chat of the panel in a tab; a new one where that is empty or has a tab already. */
  openCurrent(): void {
    const { current } = this._options.workspace;
    const isFree = !current.isPristine && !this._find(current.chatId);
    this.open(isFree ? current.chatId : null);
  }

  /**
   * Show a chat in its tab.
   *
   * @param chatId - null: a new chat.
   * @param isActivated - what is typed from now on is this chat's.
   */
  open(chatId: string | null, isActivated = true): void {
    const { workspace } = this._options;
    workspace.connect();
    const tab =
      (chatId !== null && this._find(chatId)) ||
      this._add(chatId === null ? workspace.beginBeside() : workspace.followBeside(chatId));
    if (isActivated) {
      this.activate(tab);
    }
  }

  /** Bring a tab to the front, and put the cursor into its composer within this call. */
  activate(tab: ChatTab): void {
    leaveTyping();
    tab.showNow(() => this._options.shell.activateById(tab.id));
    tab.focusInput();
  }

  /** The tab in whose chat the user is, or was last; null: that is the panel. */
  get inUse(): ChatTab | null {
    const isPanel = this._isPanelInUse && this._options.panel.isVisible;
    const tab = isPanel ? null : this._tracker.currentWidget;
    return tab?.isVisible ? tab : null;
  }

  /** Take over the user's settings. */
  set settings(settings: IPanelSettings) {
    this._tracker.forEach(tab => {
      tab.settings = settings;
    });
  }

  private _find(chatId: string): ChatTab | undefined {
    return this._tracker.find(({ chat }) => chat.chatId === chatId);
  }

  /** A tab among those that are in view; the first one is beside the notebook. */
  private _add(followed: ConstructorParameters<typeof ChatTab>[1]): ChatTab {
    const { shell, widgetOptions } = this._options;
    const tab = new ChatTab(widgetOptions(), followed);
    tab.node.addEventListener('focusin', () => {
      this._isPanelInUse = false;
    });
    const beside = this._tracker.find(({ isVisible }) => isVisible);
    shell.add(tab, 'main', {
      ...(beside ? { mode: 'tab-after', ref: beside.id } : { mode: 'split-right' }),
      activate: false,
      type: 'Stream Chat'
    });
    void this._tracker.add(tab);
    return tab;
  }

  private readonly _options: IOptions;
  private readonly _tracker = new WidgetTracker<ChatTab>({ namespace: 'stream-chat' });
  private _isPanelInUse = true;
}
