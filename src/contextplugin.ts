/**
 * The plugin that lets questions carry what is open in JupyterLab: a kind for each thing that can be attached, and
 * 'Ask about this' where those things are. One setting removes all of it.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { DisposableSet } from '@lumino/disposable';
import type { Widget } from '@lumino/widgets';
import { focusComposer } from './components/focus';
import { CellKind } from './context/cell';
import { documentOf } from './context/documents';
import { acceptDrops } from './context/droptarget';
import { ErrorKind } from './context/error';
import { FileKind } from './context/file';
import { FolderKind } from './context/folder';
import type { IContextItem } from './context/kinds';
import { NotebookKind } from './context/notebook';
import { NotebookWatch } from './context/notebookwatch';
import { OutputKind, PlotKind } from './context/output';
import { pastedFile } from './context/pasted';
import { cellsFor, type IPointedKinds, itemAtPath, outputAt, pointedAt } from './context/pointed';
import { SelectionKind } from './context/selection';
import type { IContextTools } from './context/tools';
import { VariableKind } from './context/variable';
import { askIcon } from './icons';
import { IStreamChat } from './tokens';

const AskCommands = {
  this: 'stream-chat:ask-about',
  output: 'stream-chat:ask-about-output',
  files: 'stream-chat:ask-about-files'
} as const;

export const contextPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-stream-chat:context',
  description: 'Cells, files and variables as attachments of questions.',
  autoStart: true,
  requires: [IStreamChat, INotebookTracker, ITranslator],
  optional: [ISettingRegistry, IFileBrowserFactory, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    streamChat: IStreamChat,
    notebooks: INotebookTracker,
    translator: ITranslator,
    settings: ISettingRegistry | null,
    fileBrowsers: IFileBrowserFactory | null,
    palette: ICommandPalette | null
  ) => {
    const { shell, commands } = app;
    const trans = translator.load('jupyter_stream_chat');
    const tools = contextTools(app, notebooks, trans);
    const notebook = new NotebookKind(tools);
    const kinds = {
      selection: new SelectionKind(tools),
      cell: new CellKind(tools),
      error: new ErrorKind(tools),
      variable: new VariableKind(tools),
      output: new OutputKind(tools),
      plot: new PlotKind(tools),
      notebook,
      file: new FileKind(tools, notebook),
      folder: new FolderKind(tools)
    };
    const attach = async (items: readonly IContextItem[]) => {
      await Promise.all(items.map(item => streamChat.attach(item)));
    };
    const attachPaths = async (paths: readonly string[]) =>
      attach(await Promise.all(paths.map(path => itemAtPath(path, tools, kinds))));

    let isOn = true;
    addCommands({ app, tools, kinds, fileBrowsers, attach, attachPaths, isOn: () => isOn });
    palette?.addItem({ command: AskCommands.this, category: trans.__('Stream Chat') });

    let offered = new DisposableSet();
    const apply = (isWanted: boolean) => {
      isOn = isWanted;
      offered.dispose();
      offered = new DisposableSet();
      if (isOn) {
        Object.values(kinds).forEach(kind => offered.add(streamChat.registerContextKind(kind)));
        const drops = acceptDrops(shell.node, '.jp-StreamChat', {
          onto: focusComposer,
          cells: widgets => void attach(cellsFor(widgets, tools, kinds)),
          paths: paths => void attachPaths(paths),
          widget: widget => {
            const path = documentOf(widget)?.path;
            void attach(path ? [kinds.file.item(path)] : []);
          },
          files: files => void attach(files.map(file => pastedFile(file, trans)))
        });
        offered.add(drops);
      }
      Object.values(AskCommands).forEach(command => commands.notifyCommandChanged(command));
    };
    apply(true);
    void settings?.load('jupyter-stream-chat:plugin').then(loaded => {
      const follow = () => {
        const isWanted = loaded.composite.notebookActions !== false;
        if (isWanted !== isOn) {
          apply(isWanted);
        }
      };
      loaded.changed.connect(follow);
      follow();
    });
  }
};

interface ICommandOptions {
  app: JupyterFrontEnd;
  tools: IContextTools;
  kinds: IPointedKinds;
  fileBrowsers: IFileBrowserFactory | null;
  attach: (items: readonly IContextItem[]) => Promise<void>;
  attachPaths: (paths: readonly string[]) => Promise<void>;
  isOn: () => boolean;
}

function addCommands(options: ICommandOptions): void {
  const { app, tools, kinds, fileBrowsers, attach, attachPaths, isOn } = options;
  const { commands } = app;
  const { trans } = tools;
  const describedBy = { args: { type: 'object', properties: {} } };
  commands.addCommand(AskCommands.this, {
    label: trans.__('Ask About This'),
    caption: trans.__('Attach the selection, or the cell or file, to a question'),
    icon: askIcon,
    describedBy,
    isVisible: isOn,
    isEnabled: () => isOn() && pointedAt(tools, kinds).length > 0,
    execute: () => attach(pointedAt(tools, kinds))
  });
  const outputHere = () => {
    const isOutput = (node: HTMLElement) => node.classList.contains('jp-OutputArea-child');
    const node = app.contextMenuHitTest(isOutput);
    return node ? outputAt(node, tools, kinds) : null;
  };
  commands.addCommand(AskCommands.output, {
    label: trans.__('Ask About This Output'),
    icon: askIcon,
    describedBy,
    isVisible: isOn,
    isEnabled: isOn,
    execute: () => {
      const item = outputHere();
      return attach(item ? [item] : []);
    }
  });
  const chosenPaths = () => {
    const browser = fileBrowsers?.tracker.currentWidget;
    return browser ? [...browser.selectedItems()].map(({ path }) => path) : [];
  };
  commands.addCommand(AskCommands.files, {
    label: trans.__('Ask About This'),
    icon: askIcon,
    describedBy,
    isVisible: isOn,
    isEnabled: () => isOn() && chosenPaths().length > 0,
    execute: () => attachPaths(chosenPaths())
  });
}

/** What the kinds need of this application. */
export function contextTools(
  { shell, commands, serviceManager }: JupyterFrontEnd,
  notebooks: INotebookTracker,
  trans: TranslationBundle
): IContextTools {
  let used: Widget | null = null;
  shell.currentChanged?.connect((_, { newValue }) => {
    used = newValue && !isChat(newValue) ? newValue : used;
  });
  return {
    notebooks,
    notebookChanged: new NotebookWatch(notebooks).changed,
    contents: serviceManager.contents,
    trans,
    documents: () => documentsOf(shell, used),
    activate: id => shell.activateById(id),
    open: path => void commands.execute('docmanager:open', { path }),
    showFolder: path => void commands.execute('filebrowser:open-path', { path })
  };
}

/** What is open beside chats; what was used last comes first. */
function documentsOf(shell: JupyterFrontEnd.IShell, used: Widget | null): readonly Widget[] {
  const { currentWidget } = shell;
  const first = currentWidget && isChat(currentWidget) ? used : currentWidget;
  const all = [...shell.widgets('main')].filter(widget => !isChat(widget));
  return first && all.includes(first) ? [first, ...all.filter(widget => widget !== first)] : all;
}

function isChat(widget: Widget): boolean {
  return widget.hasClass('jp-StreamChat');
}
