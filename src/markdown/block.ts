/**
 * One rendering of Markdown by JupyterLab's rendermime, sanitised as untrusted output is.
 */

import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

const MARKDOWN = 'text/markdown';
const MAY_HOLD_MATH = /[$\\]/;

/** Class of the element that holds a block, beside those of rendermime. */
export const BLOCK_CLASS = 'jp-StreamChat-block';

/** A rendered piece of Markdown that is not on the page yet. */
export class RenderedBlock {
  private constructor(
    private readonly _renderer: IRenderMime.IRenderer,
    private readonly _source: string
  ) {}

  /** Render `source` into an element of its own. */
  static async render(rendermime: IRenderMimeRegistry, source: string): Promise<RenderedBlock> {
    const renderer = rendermime.createRenderer(MARKDOWN);
    renderer.addClass(BLOCK_CLASS);
    const model = rendermime.createModel({ data: { [MARKDOWN]: source }, trusted: false });
    await renderer.renderModel(model);
    return new RenderedBlock(renderer, source);
  }

  /** The element; it outlives the renderer. */
  get node(): HTMLElement {
    return this._renderer.node;
  }

  /** Put the element on the page by `place`, typeset its math there, and let the renderer go. */
  attach(place: (node: HTMLElement) => void): void {
    place(this.node);
    if (MAY_HOLD_MATH.test(this._source)) {
      MessageLoop.sendMessage(this._renderer, Widget.Msg.AfterAttach);
      // A widget that believes itself attached removes its node when it is disposed of.
      MessageLoop.sendMessage(this._renderer, Widget.Msg.AfterDetach);
    }
    this._renderer.dispose();
  }

  /** Let go of a rendering that came too late. */
  discard(): void {
    this._renderer.dispose();
  }
}

/** An element like rendermime's, for what is written without it. */
export function createBlockNode(): HTMLElement {
  const node = document.createElement('div');
  node.className = `jp-RenderedHTMLCommon jp-RenderedMarkdown ${BLOCK_CLASS}`;
  node.dataset.mimeType = MARKDOWN;
  return node;
}

/** Load what the first rendering needs, ahead of it. */
export async function warmUp(rendermime: IRenderMimeRegistry): Promise<void> {
  (await RenderedBlock.render(rendermime, 'ready')).discard();
}
