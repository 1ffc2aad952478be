/**
 * The plugin that lets questions carry what is open in JupyterLab: a kind for each thing that can be attached.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { IStreamChat } from './tokens';
import { CellKind } from './context/cell';
import { ErrorKind } from './context/error';
import { FileKind } from './context/file';
import { NotebookKind } from './context/notebook';
import { NotebookWatch } from './context/notebookwatch';
import { SelectionKind } from './context/selection';
import type { IContextTools } from './context/tools';
import { VariableKind } from './context/variable';

export const contextPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-stream-chat:context',
  description: 'Cells, files and variables as attachments of questions.',
  autoStart: true,
  requires: [IStreamChat, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    streamChat: IStreamChat,
    notebooks: INotebookTracker,
    translator: ITranslator
  ) => {
    const { shell, commands } = app;
    const tools: IContextTools = {
      notebooks,
      notebookChanged: new NotebookWatch(notebooks).changed,
      contents: app.serviceManager.contents,
      trans: translator.load('jupyter_stream_chat'),
      documents: () => documentsOf(shell),
      activate: id => shell.activateById(id),
      open: path => void commands.execute('docmanager:open', { path })
    };
    for (const Kind of [SelectionKind, CellKind, ErrorKind, VariableKind, NotebookKind, FileKind]) {
      streamChat.registerContextKind(new Kind(tools));
    }
  }
};

function documentsOf(shell: JupyterFrontEnd.IShell): readonly Widget[] {
  const { currentWidget } = shell;
  const all = [...shell.widgets('main')];
  return currentWidget && all.includes(currentWidget)
    ? [currentWidget, ...all.filter(widget => widget !== currentWidget)]
    : all;
}
