/**
 * Markdown on the page while it streams.
 *
 * A finished block is rendered once, by JupyterLab's rendermime, and keeps its nodes; the open tail is rendered
 * at most once a frame; fenced code is highlighted line by line. All changes of the DOM are steps of one queue,
 * run in the order of the text and never two at once, which is what makes `freeze` exact. Splitting,
 * highlighting and the look of the tail have modules of their own.
 */

import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { RenderedBlock } from './block';
import { codePoints, sliceCodePoints } from '../protocol/text';
import { EndMarker } from './end';
import { FenceBlock } from './fence';
import { BlockGroups } from './groups';
import { LinkDefinitions } from './links';
import { FlushScheduler, nextTask, type ScheduleFrame } from './schedule';
import {
  type BlockKind,
  GROWTH,
  type IBlock,
  type IBlockSink,
  MarkdownSplitter,
  SHORT_TAIL
} from './splitter';
import { OpenTail } from './tail';
import type { IStreamingText } from './text';

export interface IStreamingMarkdownOptions {
  /** Element to fill; its content is this object's alone. */
  node: HTMLElement;
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  scheduleFrame?: ScheduleFrame;

  /** A block is finished; called again if a late link definition makes it be rendered again. */
  onBlock?: (host: HTMLElement, source: string, kind: BlockKind) => void;

  /** The page has changed; `length` is the code points visible now. */
  onRendered?: (length: number) => void;
}

interface IPlacedBlock {
  readonly block: IBlock;
  readonly points: number;
  node: HTMLElement;
  /** The link definitions that it was rendered with. */
  links: string;
}

/** One change of the DOM. One that has to wait changes nothing unless `isCurrent` still holds afterwards. */
type Step = (isCurrent: () => boolean) => void | Promise<void>;

/** Longest stretch of rendering between two chances to paint, in ms. */
const BUDGET_MS = 8;

// A line of fence marks may be the end of the fence.
const MAY_CLOSE_FENCE = /^ {0,3}[`~]+ *$/;

const BLANK_END = /\n[ \t]*\n$/;
const FENCE_END = /\n {0,3}[`~]{3,} *\n$/;
const LIST_START = /^\s*(?:[-+*]|\d+[.)])/;

export class StreamingMarkdown implements IStreamingText {
  constructor(private readonly _options: IStreamingMarkdownOptions) {
    this._scheduler = new FlushScheduler(() => this._flush(), _options.scheduleFrame);
    this._end = new EndMarker(_options.node);
    _options.node.replaceChildren(this._tail.node);
  }

  append(text: string): void {
    if (text === '' || this._sealed) {
      return;
    }
    if (this._finished && !this._frozen) {
      // What was the end may go on.
      this._restartAt(this._settledBlocks(this._text.length));
    }
    this._text += text;
    this._incoming += text;
    this._request(text.length);
  }

  setText(text: string): void {
    this._sealed = false;
    this._text = text;
    this._reconcile();
  }

  freeze(): void {
    this._frozen = true;
    this._abandon();
  }

  get shown(): number {
    return this._placedPoints + this._fencePoints + this._partialPoints + this._tail.points;
  }

  truncate(points: number): void {
    this._sealed = true;
    this._frozen = false;
    this._text = sliceCodePoints(this._text, 0, points);
    this._reconcile();
  }

  async finish(): Promise<void> {
    this._frozen = false;
    this._reconcile();
    this._scheduler.cancel();
    this._feed();
    this._splitter.finish();
    this._finished = true;
    this._tailDue = true;
    const isCurrent = this._currency();
    await this._drain();
    await Promise.all(this._loading);
    this._steps.push(...(isCurrent() ? this._lateLinks() : []));
    await this._drain();
    if (isCurrent()) {
      this._end.clear();
    }
  }

  dispose(): void {
    this.freeze();
    this._sealed = true;
    this._options.node.replaceChildren();
  }

  // The text: `_text` is what is held, `_fed` the beginning of it that was split, `_incoming` the rest.

  private _request(characters = 0): void {
    if (!this._frozen) {
      this._scheduler.request(characters);
    }
  }

  /** Give the splitter what has come, which fills the queue. */
  private _feed(): string {
    const text = this._incoming;
    this._incoming = '';
    this._fed += text;
    this._splitter.append(text);
    return text;
  }

  /** Make what was split a beginning of the text that is held; blocks before the first difference stay. */
  private _reconcile(): void {
    if (this._frozen) {
      return;
    }
    if (this._text.startsWith(this._fed)) {
      this._incoming = this._text.slice(this._fed.length);
      if (this._finished && this._incoming !== '') {
        this._restartAt(this._settledBlocks(this._fed.length));
      }
    } else {
      this._restartAt(this._settledBlocks(commonLength(this._text, this._fed)));
    }
    this._request();
  }

  /** How many of the placed blocks no text behind the first `length` characters can alter. */
  private _settledBlocks(length: number): number {
    let end = 0;
    let count = this._blocks.findIndex(({ block }) => (end += block.source.length) > length);
    count = count < 0 ? this._blocks.length : count;
    while (count > 0 && !standsAlone(this._blocks[count - 1].block)) {
      count -= 1;
    }
    return count;
  }

  /** Keep the first `count` blocks and split the text behind them anew. */
  private _restartAt(count: number): void {
    this._abandon();
    this._steps = [];
    this._finished = false;
    this._blocks.splice(count).forEach(placed => this._groups.remove(placed.node));
    if (this._fence) {
      this._groups.remove(this._fence.node);
    }
    this._fence = this._writing = null;
    this._fencePoints = this._partialPoints = 0;
    this._tail.clear();
    this._links = new LinkDefinitions();
    this._blocks.forEach(({ block }) => this._collectLinks(block));
    this._placedPoints = this._blocks.reduce((sum, { points }) => sum + points, 0);
    this._fed = this._blocks.map(({ block }) => block.source).join('');
    this._incoming = this._text.slice(this._fed.length);
    this._splitter = new MarkdownSplitter(this._sink);
  }

  private _collectLinks(block: IBlock): void {
    block.definitions?.forEach(definition => this._links.add(definition));
  }

  // The queue: what the splitter found becomes steps, and the steps change the page.

  /** Split what has come and bring the page up to date; a plain word goes straight to the page. */
  private _flush(): void {
    const idle = !this._running && !this._tailDue;
    const text = this._feed();
    if (idle && this._steps.length === 0 && this._fence === null && this._tail.tryWrite(text)) {
      this._changed();
      return;
    }
    this._unshown += text;
    this._tailDue = true;
    void this._drain();
  }

  /** Run the queue; resolves when it is empty or abandoned. */
  private _drain(): Promise<void> {
    if (!this._running && !this._frozen) {
      this._running = true;
      this._run = this._runSteps(this._currency());
    }
    return this._run;
  }

  private async _runSteps(isCurrent: () => boolean): Promise<void> {
    let start = performance.now();
    while (this._steps.length > 0 || this._tailDue) {
      const queued = this._steps.length > 0;
      const waiting = queued ? this._steps[0](isCurrent) : this._updateTail(isCurrent);
      if (waiting) {
        await waiting;
        if (!isCurrent()) {
          return;
        }
      }
      if (queued) {
        this._steps.shift();
      }
      this._changed();
      if (performance.now() - start > BUDGET_MS) {
        await nextTask();
        if (!isCurrent()) {
          return;
        }
        start = performance.now();
      }
    }
    this._running = false;
  }

  /** Leave what is under way: it will find itself not current. The queue stays. */
  private _abandon(): void {
    this._scheduler.cancel();
    this._generation += 1;
    this._running = false;
    this._tailDue = true;
  }

  private _currency(): () => boolean {
    const generation = this._generation;
    return () => generation === this._generation;
  }

  private _changed(): void {
    this._end.mark();
    this._options.onRendered?.(this.shown);
  }

  private readonly _sink: IBlockSink = {
    block: block => {
      this._collectLinks(block);
      this._steps.push(isCurrent => this._placeBlock(block, isCurrent));
    },
    openFence: (info, source) => {
      const fence = new FenceBlock(info, this._options.languages);
      this._writing = fence;
      this._steps.push(() => this._openFence(fence, source));
    },
    code: (text, source) => {
      const fence = this._writing;
      this._steps.push(() => {
        fence?.append(text);
        this._fencePoints += codePoints(source);
        this._partialPoints = 0;
      });
    },
    closeFence: block => {
      const fence = this._writing;
      this._writing = null;
      if (fence) {
        this._steps.push(() => this._closeFence(fence, block));
      }
    }
  };

  // The steps.

  private async _placeBlock(block: IBlock, isCurrent: () => boolean): Promise<void> {
    const links = this._links.prefixFor(block.source);
    const rendered = await RenderedBlock.render(this._options.rendermime, links + block.source);
    if (!isCurrent()) {
      rendered.discard();
      return;
    }
    rendered.attach(node => this._groups.add(node));
    this._tail.clear();
    this._place(block, rendered.node, links);
  }

  private _place(block: IBlock, node: HTMLElement, links: string): void {
    const points = codePoints(block.source);
    this._blocks.push({ block, points, node, links });
    this._placedPoints += points;
    this._options.onBlock?.(node, block.source, block.kind);
  }

  private _openFence(fence: FenceBlock, source: string): void {
    this._fence = fence;
    this._fencePoints = codePoints(source);
    this._tail.clear();
    this._groups.add(fence.node);
    if (fence.loading) {
      const colour = () => {
        this._steps.push(() => fence.colour());
        this._request();
      };
      this._loading.push(fence.loading.then(colour));
    }
  }

  private _closeFence(fence: FenceBlock, block: IBlock): void {
    fence.finish();
    this._fence = null;
    this._fencePoints = this._partialPoints = 0;
    this._place(block, fence.node, '');
  }

  /** Bring the open end of the text up to date. */
  private _updateTail(isCurrent: () => boolean): void | Promise<void> {
    const source = this._splitter.tail;
    const unshown = this._unshown;
    this._tailDue = false;
    this._unshown = '';
    if (this._fence) {
      const line = MAY_CLOSE_FENCE.test(source) ? '' : source;
      this._fence.showPartial(line);
      this._partialPoints = codePoints(line);
    } else if (source.trim() === '') {
      this._tail.showBlank(source);
    } else if (
      this._tail.rendered > 0 &&
      source.length > SHORT_TAIL &&
      source.length < this._tail.rendered * GROWTH
    ) {
      this._tail.writePlain(unshown);
    } else if (this._tail.rendered > 0 || !this._tail.tryWrite(source)) {
      return this._renderTail(source, isCurrent);
    }
  }

  private async _renderTail(source: string, isCurrent: () => boolean): Promise<void> {
    const links = this._links.prefixFor(source);
    const rendered = await RenderedBlock.render(this._options.rendermime, links + source);
    if (isCurrent()) {
      rendered.attach(node => this._tail.show(node, source));
    } else {
      rendered.discard();
    }
  }

  /** Steps that render again the blocks whose links were defined after them. */
  private _lateLinks(): Step[] {
    return this._blocks.flatMap(placed => {
      const links = this._links.prefixFor(placed.block.source);
      const outdated = placed.block.kind === 'markdown' && links !== placed.links;
      return outdated ? [isCurrent => this._replaceBlock(placed, links, isCurrent)] : [];
    });
  }

  private async _replaceBlock(
    placed: IPlacedBlock,
    links: string,
    isCurrent: () => boolean
  ): Promise<void> {
    const { source, kind } = placed.block;
    const rendered = await RenderedBlock.render(this._options.rendermime, links + source);
    if (!isCurrent()) {
      rendered.discard();
      return;
    }
    rendered.attach(node => placed.node.replaceWith(node));
    placed.node = rendered.node;
    placed.links = links;
    this._options.onBlock?.(placed.node, source, kind);
  }

  private readonly _scheduler: FlushScheduler;
  private readonly _tail = new OpenTail();
  private readonly _groups = new BlockGroups(this._tail.node);
  private readonly _end: EndMarker;
  private readonly _loading: Promise<void>[] = [];
  private _splitter = new MarkdownSplitter(this._sink);
  private _links = new LinkDefinitions();

  private _text = '';
  private _fed = '';
  private _incoming = '';
  /** Text behind the last rendering of the tail. */
  private _unshown = '';
  private _frozen = false;
  private _sealed = false;
  private _finished = false;

  private _blocks: IPlacedBlock[] = [];
  private _placedPoints = 0;
  /** The fence that is open on the page, and the one that the splitter is in, ahead of it. */
  private _fence: FenceBlock | null = null;
  private _writing: FenceBlock | null = null;
  private _fencePoints = 0;
  private _partialPoints = 0;

  private _steps: Step[] = [];
  private _tailDue = false;
  private _running = false;
  private _run: Promise<void> = Promise.resolve();
  private _generation = 0;
}

/** Whether nothing that follows can become part of a block. */
function standsAlone({ source, kind }: IBlock): boolean {
  return kind === 'fence'
    ? FENCE_END.test(source.trimStart())
    : BLANK_END.test(source) && !LIST_START.test(source);
}

function commonLength(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) {
    length += 1;
  }
  return length;
}
