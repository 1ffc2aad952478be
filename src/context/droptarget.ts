/**
 * Takes what is dropped onto a chat: cells, files of the file browser, tabs, and files of the user's own machine.
 */
import type { MimeData } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { Widget } from '@lumino/widgets';

const CELLS = 'internal:cells';
const CONTENTS = 'application/x-jupyter-icontents';
const WIDGET = 'application/vnd.lumino.widget-factory';

/** Cells and other things that JupyterLab can drag, and what becomes of them. */
export interface IDropActions {
  /** Something is dropped onto this chat. */
  onto(chat: Element): void;
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

/**
 * Take drops until what is returned is disposed.
 *
 * @param page - what holds the chats.
 * @param chats - a selector: chats come and go.
 */
export function acceptDrops(page: HTMLElement, chats: string, actions: IDropActions): IDisposable {
  const chatOf = ({ target }: Event): Element | null =>
    target instanceof Element ? target.closest(chats) : null;
  const onDrag = (event: Event): void => {
    const drag = event as IDragEvent;
    const chat = chatOf(event);
    if (!chat || ![CELLS, CONTENTS, WIDGET].some(type => drag.mimeData.hasData(type))) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    chat.classList.toggle(
      'jp-mod-dropTarget',
      ['lm-dragenter', 'lm-dragover'].includes(event.type)
    );
    // What is dropped stays where it is: nothing is moved, whatever the drag proposes.
    drag.dropAction = event.type === 'lm-dragleave' ? 'none' : drag.proposedAction;
    if (event.type === 'lm-drop') {
      actions.onto(chat);
      drop(drag.mimeData, actions);
    }
  };
  const onFiles = (event: DragEvent): void => {
    const { dataTransfer } = event;
    const chat = chatOf(event);
    if (chat && dataTransfer?.types.includes('Files')) {
      // Else the browser would leave the page for the file.
      event.preventDefault();
      event.stopPropagation();
      if (event.type === 'drop') {
        actions.onto(chat);
        actions.files([...dataTransfer.files]);
      }
    }
  };
  const drags = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
  // Before the main area, which would take a file for a tab to be moved.
  drags.forEach(type => page.addEventListener(type, onDrag, true));
  page.addEventListener('dragover', onFiles, true);
  page.addEventListener('drop', onFiles, true);
  return new DisposableDelegate(() => {
    drags.forEach(type => page.removeEventListener(type, onDrag, true));
    page.removeEventListener('dragover', onFiles, true);
    page.removeEventListener('drop', onFiles, true);
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
