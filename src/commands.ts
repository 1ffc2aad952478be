/**
 * Commands of the panel: part of its public contract, for menus, shortcuts and scripts.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ChatTabs } from './chattabs';
import type { ChatPanel } from './components/panel';
import { chatIcon } from './icons';
import type { StreamChat } from './streamchat';
import type { WorkspaceModel } from './chat/workspace';

export const CommandIDs = {
  open: 'stream-chat:open',
  newChat: 'stream-chat:new-chat',
  openTab: 'stream-chat:open-in-main-area',
  stop: 'stream-chat:stop',
  profiles: 'stream-chat:profiles'
} as const;

interface IOptions {
  app: JupyterFrontEnd;
  panel: ChatPanel;
  workspace: WorkspaceModel;
  streamChat: StreamChat;
  /** Null: the application has no tabs. */
  tabs: ChatTabs | null;
  trans: TranslationBundle;
}

export function addCommands(options: IOptions): void {
  const { app, panel, workspace, streamChat, tabs, trans } = options;
  const { commands, shell } = app;
  const noArguments = { args: { type: 'object', properties: {} } };

  commands.addCommand(CommandIDs.open, {
    label: trans.__('Stream Chat'),
    caption: trans.__('Open the streaming chat panel'),
    icon: chatIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: { chat_id: { type: 'string', description: trans.__('The chat to show') } }
      }
    },
    execute: ({ chat_id: chatId }) =>
      streamChat.open(typeof chatId === 'string' ? chatId : undefined)
  });
  commands.addCommand(CommandIDs.newChat, {
    label: trans.__('New Stream Chat'),
    caption: trans.__('Begin a new chat in the panel'),
    icon: chatIcon,
    describedBy: noArguments,
    execute: () => {
      panel.showNow(() => streamChat.newChat());
      panel.focusInput();
    }
  });
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop the Answer'),
    caption: trans.__('Stop the answer that is being written in the chat that is in use'),
    describedBy: noArguments,
    isEnabled: () => streamChat.chatInUse.isRunning,
    execute: () => streamChat.stop()
  });
  commands.addCommand(CommandIDs.profiles, {
    label: trans.__('Stream Chat Profiles'),
    caption: trans.__('Add, change and try model profiles in the panel'),
    describedBy: noArguments,
    execute: () => {
      shell.activateById(panel.id);
      return workspace.profileEditor.open();
    }
  });
  if (tabs) {
    commands.addCommand(CommandIDs.openTab, {
      label: trans.__('Open Chat in Main Area'),
      caption: trans.__('Show the chat in a tab, or begin a new one there'),
      icon: chatIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            chat_id: { type: 'string', description: trans.__('The chat to show') },
            activate: { type: 'boolean', description: trans.__('Whether to bring it to the front') }
          }
        }
      },
      execute: ({ chat_id: chatId, activate }) =>
        typeof chatId === 'string' ? tabs.open(chatId, activate !== false) : tabs.openCurrent()
    });
  }
  workspace.changed.connect(() => commands.notifyCommandChanged(CommandIDs.stop));
}
