/**
 * The plugin: makes the panel and puts it where the application has room for it.
 *
 * `ILabShell` and what belongs to it are optional, so that Notebook 7 works as well.
 */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import type { PartialJSONValue } from '@lumino/coreutils';
import { ChatTabs } from './chattabs';
import { addCommands, CommandIDs } from './commands';
import type { ChangeSetting, IPanelSettings } from './components/context';
import { ChatPanel } from './components/panel';
import { browserStore } from './chat/storage';
import type { ProfileEditor } from './profiles/editor';
import { WorkspaceModel } from './chat/workspace';
import {
  addWhyCell,
  CellContext,
  CellSessions,
  ErrorActions,
  FixCells,
  Generate,
  InsertActions,
  KeptSessions,
  NewDocuments,
  rewriteMarkdown,
  renderAnswers,
  renderErrors
} from './notebook';
import { contextPlugin, contextTools } from './contextplugin';
import { StreamChat } from './streamchat';
import { IStreamChat } from './tokens';

const PLUGIN_ID = 'jupyter-stream-chat:plugin';

const DEFAULTS: IPanelSettings = {
  enterSends: true,
  typewriter: false,
  whileRunning: 'ask',
  notebookActions: true,
  cellSource: false,
  unknownNames: 'underline',
  instructions: '',
  prompts: []
};

/** The settings' name of what only the start looks at. */
const OPEN_AT_START = 'openAtStart';

const plugin: JupyterFrontEndPlugin<IStreamChat> = {
  id: PLUGIN_ID,
  description: 'The streaming chat panel.',
  autoStart: true,
  provides: IStreamChat,
  requires: [IRenderMimeRegistry, IEditorLanguageRegistry, ITranslator],
  optional: [
    ISettingRegistry,
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    INotebookTracker,
    IDefaultFileBrowser
  ],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry,
    translator: ITranslator,
    settings: ISettingRegistry | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    notebooks: INotebookTracker | null,
    fileBrowser: IDefaultFileBrowser | null
  ) => {
    const trans = translator.load('jupyter_stream_chat');
    const workspace = new WorkspaceModel({
      serverSettings: app.serviceManager.serverSettings,
      store: browserStore()
    });
    const documents = new NewDocuments({
      services: app.serviceManager,
      languages,
      folder: () => fileBrowser?.model.path ?? '',
      open: path => app.commands.execute('docmanager:open', { path })
    });
    const { serverSettings } = app.serviceManager;
    const insert = new InsertActions({
      app,
      tracker: notebooks,
      documents,
      rewriteMarkdown: markdown => rewriteMarkdown(serverSettings, markdown),
      trans
    });
    const changeSetting: ChangeSetting = (name, value) => {
      applySettings({ ...panel.settings, [name]: value });
      void settings?.set(PLUGIN_ID, name, value as PartialJSONValue);
    };
    const widgetOptions = {
      workspace,
      rendermime,
      languages,
      trans,
      language: translator.languageCode,
      settings: DEFAULTS,
      changeSetting,
      insert
    };
    const panel = new ChatPanel({
      ...widgetOptions,
      ...(labShell && { onOpenTab: () => tabs?.openCurrent() })
    });
    const tabs =
      labShell &&
      new ChatTabs({
        shell: labShell,
        workspace,
        panel,
        restorer,
        command: CommandIDs.openTab,
        widgetOptions: () => ({ ...widgetOptions, settings: panel.settings })
      });
    const applySettings = (changed: IPanelSettings): void => {
      panel.settings = changed;
      workspace.instructions = changed.instructions;
      if (tabs) {
        tabs.settings = changed;
      }
    };

    app.shell.add(panel, 'right', { rank: 900, type: 'Stream Chat' });
    restorer?.add(panel, panel.id);
    const activate = (): void => app.shell.activateById(panel.id);
    showProfiles(workspace.profileEditor, panel, activate);
    const context = notebooks && new CellContext(contextTools(app, notebooks, trans));
    const sessions = new CellSessions({
      tracker: notebooks,
      workspace,
      languages,
      trans,
      kept: new KeptSessions(
        browserStore('sessionStorage'),
        app.serviceManager.serverSettings.baseUrl
      ),
      openChat: chatId => streamChat.open(chatId),
      settings: () => panel.settings
    });
    const isEnabled = (): boolean => panel.settings.notebookActions;
    const generate = new Generate({
      app,
      tracker: notebooks,
      workspace,
      trans,
      context,
      sessions,
      isEnabled
    });
    const streamChat = new StreamChat({
      workspace,
      activate,
      tabs,
      streamIntoCell: (text, place) => generate.start(text, place)
    });
    addCommands({ app, panel, workspace, streamChat, tabs, trans });
    if (notebooks && context) {
      const options = { app, tracker: notebooks, workspace, trans, context };
      const errors = new ErrorActions({ ...options, generate, isEnabled, activate });
      renderErrors(rendermime, errors, trans);
      addWhyCell({
        ...options,
        openChat: chatId => streamChat.open(chatId),
        panel: panel.node
      });
    }
    const fixes = new FixCells(notebooks, generate);
    renderAnswers(rendermime, {
      rendermime,
      languages,
      settings: app.serviceManager.serverSettings,
      trans,
      insert: () => (panel.settings.notebookActions ? insert : null),
      fixes: () => (panel.settings.notebookActions ? fixes : null),
      openChat: chatId => void app.commands.execute(CommandIDs.open, { chat_id: chatId })
    });
    const category = trans.__('Stream Chat');
    for (const command of Object.values(CommandIDs).filter(id => app.commands.hasCommand(id))) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.open, category: trans.__('Other'), rank: 10 });
    void follow(settings, applySettings, () => void openAtStart(app, panel));
    return streamChat;
  }
};

/** Take over the user's settings, now and whenever they change. */
async function follow(
  registry: ISettingRegistry | null,
  applySettings: (settings: IPanelSettings) => void,
  openPanel: () => void
): Promise<void> {
  const settings = await registry?.load(PLUGIN_ID);
  if (settings?.composite[OPEN_AT_START] === true) {
    openPanel();
  }
  const apply = () => {
    applySettings({ ...DEFAULTS, ...(settings?.composite as Partial<IPanelSettings>) });
  };
  settings?.changed.connect(apply);
  apply();
}

/** Bring the panel to the front when profiles are opened, in a tab of the main area too: they are shown in the panel. */
function showProfiles(editor: ProfileEditor, panel: ChatPanel, activate: () => void): void {
  let wasOpen = false;
  editor.changed.connect(() => {
    const isOpen = editor.view !== null;
    if (isOpen && !wasOpen && !panel.node.contains(document.activeElement)) {
      activate();
    }
    wasOpen = isOpen;
  });
}

/** Show the panel once the application has put back what was open. */
async function openAtStart(app: JupyterFrontEnd, panel: ChatPanel): Promise<void> {
  await app.restored;
  app.shell.activateById(panel.id);
}

export * from './tokens';

export default [plugin, contextPlugin];
