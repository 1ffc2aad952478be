/**
 * What 'Ask about this' is about: what is selected, else the cell or the output or the file that the user points at.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';
import type { CellKind } from './cell';
import { documentOf } from './documents';
import type { FileKind } from './file';
import type { FolderKind } from './folder';
import type { IContextItem } from './kinds';
import { cellsOf, nameOf, outputsOf } from './notebooks';
import type { OutputKind, PlotKind } from './output';
import { pictureTypeOf } from './outputs';
import type { SelectionKind } from './selection';
import type { IContextTools } from './tools';

/** The kinds whose things can be pointed at. */
export interface IPointedKinds {
  readonly selection: SelectionKind;
  readonly cell: CellKind;
  readonly output: OutputKind;
  readonly plot: PlotKind;
  readonly file: FileKind;
  readonly folder: FolderKind;
}

/** What is selected in the document that was used last, else its selected cells, else the file itself. */
export function pointedAt(tools: IContextTools, kinds: IPointedKinds): readonly IContextItem[] {
  const [widget] = tools.documents();
  const panel = tools.notebooks.currentWidget;
  const selected = kinds.selection.current();
  if (selected) {
    return [selected];
  }
  if (panel && (!widget || widget === panel)) {
    return kinds.cell.selected(panel);
  }
  const path = widget && documentOf(widget)?.path;
  return path ? [kinds.file.item(path)] : [];
}

/** Cells by their widgets, of whichever notebook they are in. */
export function cellsFor(
  widgets: readonly Widget[],
  tools: IContextTools,
  kinds: IPointedKinds
): readonly IContextItem[] {
  const items: IContextItem[] = [];
  tools.notebooks.forEach(panel => {
    const dropped = panel.content.widgets.filter(cell => widgets.includes(cell));
    const models = dropped.map(({ model }) => model);
    const cells = cellsOf(panel).filter(({ model }) => models.includes(model));
    items.push(...cells.map(cell => kinds.cell.item(panel, cell)));
  });
  return items;
}

/** A file, a notebook or a folder, by its path. */
export async function itemAtPath(
  path: string,
  tools: IContextTools,
  kinds: IPointedKinds
): Promise<IContextItem> {
  try {
    const { type } = await tools.contents.get(path, { content: false });
    return type === 'directory' ? kinds.folder.item(path) : kinds.file.item(path);
  } catch {
    // The chip says why it cannot be read.
    return kinds.file.item(path);
  }
}

/** The output that a node of the page is in, as a picture where it is one; null: it is in none. */
export function outputAt(
  node: Element,
  tools: IContextTools,
  kinds: IPointedKinds
): IContextItem | null {
  const child = node.closest('.jp-OutputArea-child');
  const cellNode = node.closest('.jp-Cell');
  const panel = tools.notebooks.find(each => each.node.contains(node));
  const at = [...(child?.parentElement?.children ?? [])].indexOf(child as Element);
  return panel && cellNode && at >= 0 ? outputOf(panel, cellNode, at, tools, kinds) : null;
}

function outputOf(
  panel: NotebookPanel,
  cellNode: Element,
  at: number,
  { trans }: IContextTools,
  kinds: IPointedKinds
): IContextItem | null {
  const widget = panel.content.widgets.find(each => each.node === cellNode);
  const cell = cellsOf(panel).find(({ model }) => model === widget?.model);
  const output = cell && outputsOf(cell.model)[at];
  if (!output) {
    return null;
  }
  const { path } = panel.context;
  const source = { path, cell_id: cell.model.id, output: at };
  return pictureTypeOf(output)
    ? kinds.plot.plot(source, cell.number)
    : kinds.output.item(source, trans.__('Output of cell %1 of %2', cell.number, nameOf(path)), '');
}
