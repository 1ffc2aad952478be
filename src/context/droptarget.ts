/**
 * Takes what is dropped onto a node: cells, files of the file browser, tabs, and files of the user's own machine.
 */
import type { MimeData } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { Widget } from '@lumino/widgets';

const CELLS = 'internal:cells';
const CONTENTS = 'application/x-jupyter-icontents';
const WIDGET = 'application/vnd.lumino.widget-factory';

/** Cells and other things that JupyterLab can drag, and what becomes of them. */
export interface IDropActions {
  /** Cells of notebooks, by their widgets. */
  cells(cells: readonly Widget[]): void;
  /** Files and folders, by their paths. */
  paths(paths: readonly string[]): void;
  /** A tab. */
  widget(widget: Widget): void;
  /** Files of the user's own machine. */
  files(files: readonly File[]): void;
}

/** A drag within JupyterLab (`Drag.Event` of Lumino). */
interface IDragEvent extends Event {
  readonly mimeData: MimeData;
  readonly proposedAction: string;
  dropAction: string;
}

/** Take drops until what is returned is disposed. */
export function acceptDrops(node: HTMLElement, actions: IDropActions): IDisposable {
  const onDrag = (event: Event): void => {
    const drag = event as IDragEvent;
    if (![CELLS, CONTENTS, WIDGET].some(type => drag.mimeData.hasData(type))) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    node.classList.toggle(
      'jp-mod-dropTarget',
      ['lm-dragenter', 'lm-dragover'].includes(event.type)
    );
    // What is dropped stays where it is: nothing is moved, whatever the drag proposes.
    drag.dropAction = event.type === 'lm-dragleave' ? 'none' : drag.proposedAction;
    if (event.type === 'lm-drop') {
      drop(drag.mimeData, actions);
    }
  };
  const onFiles = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (dataTransfer?.types.includes('Files')) {
      // Else the browser would leave the page for the file.
      event.preventDefault();
      event.stopPropagation();
      if (event.type === 'drop') {
        actions.files([...dataTransfer.files]);
      }
    }
  };
  const drags = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
  drags.forEach(type => node.addEventListener(type, onDrag));
  node.addEventListener('dragover', onFiles);
  node.addEventListener('drop', onFiles);
  return new DisposableDelegate(() => {
    drags.forEach(type => node.removeEventListener(type, onDrag));
    node.removeEventListener('dragover', onFiles);
    node.removeEventListener('drop', onFiles);
  });
}

function drop(data: MimeData, actions: IDropActions): void {
  if (data.hasData(CELLS)) {
    actions.cells(data.getData(CELLS) as Widget[]);
  } else if (data.hasData(CONTENTS)) {
    actions.paths(data.getData(CONTENTS) as string[]);
  } else {
    const factory: unknown = data.getData(WIDGET);
    if (typeof factory === 'function') {
      actions.widget((factory as () => Widget)());
    }
  }
}
