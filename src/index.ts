/**
 * The plugin: makes the panel and puts it where the application has room for it.
 *
 * `ILabShell` and what belongs to it are optional, so that Notebook 7 works as well.
 */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { addCommands, CommandIDs } from './commands';
import type { IPanelSettings } from './components/context';
import { ChatPanel } from './components/panel';
import { inertRenderMime } from './markdown';
import { WorkspaceModel } from './chat/workspace';
import { renderAnswers } from './notebook';

const PLUGIN_ID = 'jupyter-stream-chat:plugin';

const DEFAULTS: IPanelSettings = { enterSends: true, typewriter: false, whileRunning: 'ask' };

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The streaming chat panel.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IEditorLanguageRegistry, ITranslator],
  optional: [ISettingRegistry, ILayoutRestorer, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry,
    translator: ITranslator,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const trans = translator.load('jupyter_stream_chat');
    const inert = inertRenderMime(rendermime);
    const workspace = new WorkspaceModel({
      serverSettings: app.serviceManager.serverSettings,
      store: window.localStorage
    });
    const panel = new ChatPanel({
      workspace,
      rendermime: inert,
      languages,
      trans,
      language: translator.languageCode,
      settings: DEFAULTS,
      changeSetting: (name, value) => {
        panel.settings = { ...panel.settings, [name]: value };
        void settings?.set(PLUGIN_ID, name, value);
      }
    });

    app.shell.add(panel, 'right', { rank: 900, type: 'Stream Chat' });
    restorer?.add(panel, panel.id);
    addCommands({ app, panel, workspace, trans });
    renderAnswers(rendermime, {
      rendermime: inert,
      languages,
      settings: app.serviceManager.serverSettings,
      copyLabel: trans.__('Copy'),
      openChat: chatId => void app.commands.execute(CommandIDs.open, { chat_id: chatId })
    });
    const category = trans.__('Stream Chat');
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.open, category: trans.__('Other'), rank: 10 });
    void follow(settings, panel);
  }
};

/** Take over the user's settings, now and whenever they change. */
async function follow(registry: ISettingRegistry | null, panel: ChatPanel): Promise<void> {
  const settings = await registry?.load(PLUGIN_ID);
  const apply = () => {
    panel.settings = { ...DEFAULTS, ...(settings?.composite as Partial<IPanelSettings>) };
  };
  settings?.changed.connect(apply);
  apply();
}

export default plugin;
