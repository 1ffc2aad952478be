/**
 * Markdown on the page while it streams.
 *
 * A finished block keeps its nodes; the open tail is rendered at most once a frame, in the place where the block
 * will stay; fenced code is highlighted line by line. All changes of the DOM are steps of one queue, run in the
 * order of the text, which is what makes `freeze` exact. Splitting, rendering, highlighting and the open end of the
 * text have modules of their own.
 */

import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { type IRendered, keepsNode, renderMarkdown } from './block';
import { codePoints, sliceCodePoints } from '../protocol/text';
import { Caret } from './caret';
import { colourCode } from './codecolours';
import { copyFormulas } from './copying';
import { FenceBlock } from './fence';
import { BlockGroups } from './groups';
import { LinkDefinitions } from './links';
import { morphChildren } from './morph';
import { openEnd } from './openend';
import { FlushScheduler, nextTask, type ScheduleFrame } from './schedule';
import {
  type BlockKind,
  type IBlock,
  type IBlockSink,
  type IContinuation,
  MarkdownSplitter,
  SHORT_TAIL
} from './splitter';
import { type IPlace, OpenTail } from './tail';
import type { IStreamingText } from './text';
import { typesetFormulas } from './typeset';

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
  readonly place: IPlace;
  /** How many children of the place are its. */
  readonly count: number;
  /** The link definitions that it was rendered with. */
  links: string;
}

/** One change of the DOM. One that has to wait changes nothing unless `isCurrent` still holds afterwards. */
type Step = (isCurrent: () => boolean) => void | Promise<void>;

/** After rendering a long tail, other text may be rendered for this many times as long as it took. */
const TAIL_REST = 3;

/** Longest stretch of rendering between two chances to paint, in ms. */
const BUDGET_MS = 8;

// A line of fence marks may be the end of the fence.
const MAY_CLOSE_FENCE = /^ {0,3}[`~]+ *\n?$/;

const BLANK_END = /\n[ \t]*\n$/;
const FENCE_END = /\n {0,3}[`~]{3,} *\n$/;
const LIST_START = /^\s*(?:[-+*]|\d+[.)])/;

export class StreamingMarkdown implements IStreamingText {
  constructor(private readonly _options: IStreamingMarkdownOptions) {
    this._scheduler = new FlushScheduler(() => this._flush(), _options.scheduleFrame);
    this._caret = new Caret(_options.node);
    this._groups = new BlockGroups(_options.node);
    this._tail = new OpenTail(this._groups);
    _options.node.replaceChildren();
    _options.node.addEventListener('copy', copyFormulas);
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
    this._request();
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
    await Promise.all(this._typesetting);
    this._steps.push(...(isCurrent() ? this._lateLinks() : []));
    await this._drain();
    if (isCurrent()) {
      this._tail.releaseHeight();
      this._caret.clear();
    }
  }

  dispose(): void {
    this.freeze();
    this._sealed = true;
    this._options.node.replaceChildren();
    this._options.node.removeEventListener('copy', copyFormulas);
  }

  // The text: `_text` is what is held, `_fed` the beginning of it that was split, `_incoming` the rest.

  private _request(): void {
    if (!this._frozen) {
      this._scheduler.request();
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
    this._tail.clear();
    this._blocks.splice(count).forEach(({ place }) => this._groups.remove(place.block));
    if (this._fence) {
      this._groups.remove(this._fence.node);
    }
    this._fence = this._writing = null;
    this._fencePoints = this._partialPoints = 0;
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
    // Behind text that is held back no word stands alone.
    const isKnown = this._tail.points > 0 || this._splitter.tail === text;
    if (
      idle &&
      isKnown &&
      !this._isBehind &&
      this._steps.length === 0 &&
      this._fence === null &&
      this._tail.tryWrite(text)
    ) {
      this._changed();
      return;
    }
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
    let seen = this.shown;
    while (this._steps.length > 0 || this._tailDue) {
      const queued = this._steps.length > 0;
      const waiting = queued ? this._steps[0](isCurrent) : this._updateTail();
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
      // A block takes from the open end what the next step gives back: no paint in between.
      if (performance.now() - start > BUDGET_MS && this.shown >= seen) {
        await nextTask();
        if (!isCurrent()) {
          return;
        }
        start = performance.now();
        seen = this.shown;
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
    this._caret.mark();
    this._options.onRendered?.(this.shown);
  }

  private readonly _sink: IBlockSink = {
    block: block => {
      this._collectLinks(block);
      this._steps.push(() => this._placeBlock(block));
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

  private _placeBlock(block: IBlock): void {
    const links = this._links.prefixFor(block.source);
    this._continueLast(block.continues);
    const rendered = this._render(links, block.source, block.continues);
    this._place(block, this._tail.settle(rendered), links);
    this._complete(this._blocks[this._blocks.length - 1].place.block, rendered);
  }

  private _render(
    links: string,
    source: string,
    continues?: IContinuation | null,
    hasOpenFormula = false
  ): IRendered {
    return renderMarkdown(this._options, links + (continues?.head ?? '') + source, hasOpenFormula);
  }

  /** Let the tail go on in the block before, if it is the rest of that. */
  private _continueLast(continues: IContinuation | null | undefined): void {
    const last = this._blocks[this._blocks.length - 1];
    if (continues && last) {
      this._tail.continueIn(last.place.block, continues);
    }
  }

  /** Add what takes time to a block on the page: formulas, and colours of languages that are not loaded. */
  private _complete(block: HTMLElement, { loading }: IRendered): void {
    const typesetter = this._options.rendermime.latexTypesetter;
    const changed = () => {
      if (!this._frozen && block.isConnected) {
        this._changed();
      }
    };
    const typesetting = typesetFormulas(block, typesetter).then(isChanged => {
      if (isChanged) {
        changed();
      }
    });
    this._typesetting.add(typesetting);
    void typesetting.finally(() => this._typesetting.delete(typesetting));
    for (const language of loading) {
      this._loading.push(
        language.then(() => {
          void Promise.all(colourCode(block, this._options.languages));
          changed();
        })
      );
    }
  }

  private _place(block: IBlock, place: IPlace, links: string): void {
    const points = codePoints(block.source);
    const count = place.parent.childNodes.length - place.from;
    this._blocks.push({ block, points, place, count, links });
    this._placedPoints += points;
    this._options.onBlock?.(place.block, block.source, block.kind);
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
    this._groups.settle(fence.node);
    this._place(block, { block: fence.node, parent: fence.node, from: 0 }, '');
  }

  /** Bring the open end of the text up to date. */
  private _updateTail(): void {
    const source = this._splitter.tail;
    this._tailDue = false;
    this._isBehind = false;
    if (this._fence) {
      const line = MAY_CLOSE_FENCE.test(source) ? '' : source;
      this._fence.showPartial(line);
      this._partialPoints = codePoints(line);
    } else if (source.trim() === '') {
      this._tail.showBlank(source);
    } else if (source.length > SHORT_TAIL && performance.now() < this._tailRestsUntil) {
      this._isBehind = true;
      this._request();
    } else if (this._tail.isRendered || this._splitter.continues || !this._tail.tryWrite(source)) {
      const start = performance.now();
      this._renderTail(source);
      const end = performance.now();
      this._tailRestsUntil = end + TAIL_REST * (end - start);
    }
  }

  private _renderTail(source: string): void {
    const { text, shown, hasOpenFormula } = openEnd(source);
    if (text.trim() === '' && !hasOpenFormula) {
      if (this._tail.isRendered) {
        this._tail.clear();
      }
      return;
    }
    const { continues } = this._splitter;
    this._continueLast(continues);
    const links = this._links.prefixFor(source);
    const rendered = this._render(links, text, continues, hasOpenFormula);
    this._tail.show(rendered, source.slice(0, shown), shown === source.length);
    if (this._tail.block) {
      this._complete(this._tail.block, rendered);
    }
  }

  /** Steps that render again the blocks whose links were defined after them. */
  private _lateLinks(): Step[] {
    return this._blocks.flatMap(placed => {
      const links = this._links.prefixFor(placed.block.source);
      const outdated = placed.block.kind === 'markdown' && links !== placed.links;
      return outdated ? [() => this._replaceBlock(placed, links)] : [];
    });
  }

  private _replaceBlock(placed: IPlacedBlock, links: string): void {
    const { source, kind, continues } = placed.block;
    const { block, parent, from } = placed.place;
    const rendered = this._render(links, source, continues);
    const selector = parent.localName === 'tbody' ? 'tbody' : 'ol, ul';
    const wanted = block === parent ? rendered.nodes : rendered.nodes.querySelector(selector);
    const end = parent.childNodes[from + placed.count] ?? null;
    if (wanted !== null) {
      morphChildren(parent, wanted, keepsNode, from, end);
    }
    placed.links = links;
    this._complete(block, rendered);
    this._options.onBlock?.(block, source, kind);
  }

  private readonly _scheduler: FlushScheduler;
  private readonly _tail: OpenTail;
  private readonly _groups: BlockGroups;
  private readonly _caret: Caret;
  private readonly _loading: Promise<void>[] = [];
  private readonly _typesetting = new Set<Promise<void>>();
  private _splitter = new MarkdownSplitter(this._sink);
  private _links = new LinkDefinitions();

  private _text = '';
  private _fed = '';
  private _incoming = '';
  /** Text has come that the rendering of a long tail does not show yet. */
  private _isBehind = false;
  /** Time before which a long tail is not rendered again. */
  private _tailRestsUntil = 0;
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
function standsAlone({ source, kind, continues }: IBlock): boolean {
  if (continues) {
    return false;
  }
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
