/**
 * What a cell put out, without its source: all of it, or one output. An output that is a picture is attached as one.
 */
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { fittedPicture } from './fitpicture';
import {
  ContextError,
  fits,
  type IContextContent,
  type IContextItem,
  type IContextKind
} from './kinds';
import { cellAt, cellsOf, firstLine, nameOf, outputsOf, revealCell } from './notebooks';
import { type IOutput, outputsText, pictureOf, pictureTypeOf } from './outputs';
import type { IContextTools } from './tools';

export class OutputKind implements IContextKind {
  readonly kind: string = 'output';
  readonly changed;

  constructor(protected readonly tools: IContextTools) {
    this.changed = tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { notebooks, trans } = this.tools;
    const panel = notebooks.currentWidget;
    if (!panel || query === '') {
      return [];
    }
    const { path } = panel.context;
    return cellsOf(panel).flatMap(({ model, number }) => {
      const outputs = outputsOf(model);
      if (outputs.length === 0 || !fits(query, `output cell ${number}`)) {
        return [];
      }
      const detail = firstLine(outputsText(outputs, trans).text);
      const title = trans.__('Output of cell %1 of %2', number, nameOf(path));
      return [this.item({ path, cell_id: model.id }, title, detail)];
    });
  }

  restore(source: AttachmentSource, title: string): IContextItem | null {
    return source.path && source.cell_id ? this.item(source, title, '') : null;
  }

  /** An output of a cell: the one that the source numbers, or all. */
  item(source: AttachmentSource, title: string, detail: string): IContextItem {
    const { path = '', cell_id: id = '' } = source;
    return {
      kind: this.kind,
      title,
      detail,
      source,
      changed: this.changed,
      isQuick: this.kind === 'output',
      resolve: limit => this._read(source, limit),
      reveal: () => revealCell(this.tools, path ?? '', id ?? '')
    };
  }

  private async _read(source: AttachmentSource, limit: number): Promise<IContextContent> {
    const { notebooks, trans } = this.tools;
    const { path, cell_id: id, output: at } = source;
    const { model, number } = cellAt(notebooks, path ?? '', id ?? '', trans);
    const outputs = outputsOf(model);
    const chosen = typeof at === 'number' ? outputs.slice(at, at + 1) : outputs;
    if (chosen.length === 0) {
      throw new ContextError(trans.__('The cell has no such output any more.'));
    }
    return this.content(chosen, number, limit);
  }

  protected async content(
    outputs: readonly IOutput[],
    number: number,
    limit: number
  ): Promise<IContextContent> {
    const { trans } = this.tools;
    const { text, omitted } = outputsText(outputs, trans);
    const whole = `[output of cell ${number}]\n${text}`;
    const fitting = cut(whole, limit, left => trans.__('%1 characters left out', left));
    return { text: fitting.text, omitted: [...omitted, ...fitting.omitted] };
  }
}

/** A plot, or another picture that a cell put out. */
export class PlotKind extends OutputKind {
  override readonly kind = 'picture';

  override propose(query: string): readonly IContextItem[] {
    const panel = this.tools.notebooks.currentWidget;
    if (!panel || query === '') {
      return [];
    }
    const { path } = panel.context;
    return cellsOf(panel).flatMap(({ model, number }) =>
      fits(query, `plot picture cell ${number}`)
        ? outputsOf(model).flatMap((output, at) =>
            pictureTypeOf(output)
              ? [this.plot({ path, cell_id: model.id, output: at }, number)]
              : []
          )
        : []
    );
  }

  /** The picture of one output of a cell. */
  plot(source: AttachmentSource, number: number): IContextItem {
    const { trans } = this.tools;
    const title = trans.__('Plot in cell %1 of %2', number, nameOf(source.path ?? ''));
    return this.item(source, title, trans.__('Picture, to models that take pictures'));
  }

  protected override async content(outputs: readonly IOutput[]): Promise<IContextContent> {
    const { trans } = this.tools;
    const picture = outputs.map(pictureOf).find(each => each !== null);
    if (!picture) {
      throw new ContextError(trans.__('The cell has no such output any more.'));
    }
    return fittedPicture(picture.mediaType, picture.bytes, trans);
  }
}
