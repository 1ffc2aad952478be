/**
 * The block that is still open, and where on the page it is.
 *
 * It stands in its final place from its first character on and is changed there until it is finished, so that
 * what a reader selects in it stays selected. Text that can have no meaning in Markdown where it stands is
 * written straight behind the last word, so that most tokens cost one text node's change.
 */

import { createBlockNode, type IRendered, keepsNode } from './block';
import { lastText } from './caret';
import type { BlockGroups } from './groups';
import { morphChildren } from './morph';
import { fitList } from './ordinals';
import type { IContinuation } from './splitter';
import { codePoints } from '../protocol/text';

// Characters that may begin or end markup within a line: without any, text is just text.
const MARKUP =
  '\\0-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ufdd0-\\ufdef*_`~[\\]<)\\\\$|&@/';
const PLAIN = new RegExp(`^[^${MARKUP}]+$`);
const PLAIN_PARAGRAPH = new RegExp(`^\\p{L}[^${MARKUP}]*$`, 'u');

// A line that holds a word is past the point where it could become a list item, a heading or a rule.
const SETTLED_LINE = /\p{L}{2}[^\n]*$/u;
const LAST_CHARACTERS = /[^\s]{1,4}([ \t]*)$/;
const GENERATED = 'a, .MathJax, mjx-container, svg';

/** Where a block is: children of `parent`, from number `from` on. */
export interface IPlace {
  /** The element of the block, or of the one that it goes on with. */
  readonly block: HTMLElement;
  readonly parent: Element;
  readonly from: number;
}

const HELD_CLASS = 'jp-StreamChat-held';

/** By how much a block becomes lower from one frame to the next, in px. */
const RELEASE_STEP = 1;

export class OpenTail {
  constructor(private readonly _groups: BlockGroups) {}

  /** Code points of the tail's source that are visible. */
  points = 0;

  /** Whether something of it was rendered. */
  get isRendered(): boolean {
    return this._isRendered;
  }

  /** The element of the block; null where nothing is shown. */
  get block(): HTMLElement | null {
    return this._place?.block ?? null;
  }

  /** Write `text` behind the last word; false if it needs a rendering. */
  tryWrite(text: string): boolean {
    if (this.points === 0) {
      return this._tryBegin(text);
    }
    if (this._word === null || !PLAIN.test(text)) {
      return false;
    }
    this._word.appendData(this._spaces + text);
    if (this._place && this._held) {
      this._holdHeight(this._place.block);
    }
    this._spaces = '';
    this.points += codePoints(text);
    return true;
  }

  /** Make the next text wait for a rendering. */
  awaitRendering(): void {
    this._word = null;
  }

  /** Go on with what the block in `previous` began. */
  continueIn(previous: HTMLElement, { of }: IContinuation): void {
    const last = previous.lastElementChild;
    const parent = of === 'list' ? last : last?.querySelector(':scope > tbody');
    if (this._place === null && parent) {
      this._place = { block: previous, parent, from: parent.childNodes.length };
    }
  }

  /**
   * Show a rendering of the tail.
   *
   * @param source the part of the source that is visible.
   */
  show(rendered: IRendered, source: string, isWhole: boolean): void {
    if (this._place) {
      this._holdHeight(this._place.block);
    }
    this._holdHeight(this._fill(rendered).block);
    this._isRendered = true;
    this.points = codePoints(source);
    this._word = null;
    if (isWhole && this._place) {
      this._findWord(this._place.parent, source);
    }
  }

  /** Show the block's final rendering and leave it where it is. */
  settle(rendered: IRendered): IPlace {
    const place = this._fill(rendered);
    this._groups.settle(place.block);
    this._place = null;
    this._forget();
    return place;
  }

  /** Show nothing of a tail of white space, but count it. */
  showBlank(source: string): void {
    this.clear();
    this.points = codePoints(source);
  }

  /** Show nothing. */
  clear(): void {
    if (this._place !== null) {
      const { block, parent, from } = this._place;
      if (block === parent) {
        this._groups.remove(block);
      } else {
        [...parent.childNodes].slice(from).forEach(node => node.remove());
      }
      this._place = null;
    }
    this._forget();
  }

  private _forget(): void {
    this.points = 0;
    this._isRendered = false;
    this._word = null;
    this._spaces = '';
  }

  private _fill({ nodes }: IRendered): IPlace {
    const place = this._place ?? this._begin();
    const { block, parent, from } = place;
    const wanted =
      block === parent
        ? nodes
        : nodes.querySelector(parent.localName === 'tbody' ? 'tbody' : 'ol, ul');
    morphChildren(parent, wanted ?? document.createDocumentFragment(), keepsNode, from);
    if (parent instanceof HTMLOListElement) {
      fitList(parent);
    }
    return place;
  }

  /**
   * Let a block with a table become no lower until the next block begins, or the text ends.
   *
   * The columns of a table are laid out anew with each word, and a row that was broken into two lines may become one.
   */
  private _holdHeight(block: HTMLElement): void {
    if (block.querySelector('table') === null) {
      return;
    }
    const { height } = block.getBoundingClientRect();
    if (this._held?.block !== block) {
      this.releaseHeight();
      block.classList.add(HELD_CLASS);
      this._held = { block, height: 0 };
    }
    if (height > this._held.height) {
      this._held.height = height;
      block.style.minHeight = `${height}px`;
    }
  }

  /** Let the block become as low as what is in it, too slowly to be seen: nothing is written to it any more. */
  releaseHeight(): void {
    if (this._held === null) {
      return;
    }
    const { block, height } = this._held;
    this._held = null;
    block.style.removeProperty('min-height');
    lowerSlowly(block, height, block.getBoundingClientRect().height);
  }

  private _begin(): IPlace {
    this.releaseHeight();
    const block = createBlockNode();
    this._groups.add(block);
    this._place = { block, parent: block, from: 0 };
    return this._place;
  }

  /** Begin a paragraph without rendering: the first word of an answer waits for nothing. */
  private _tryBegin(text: string): boolean {
    if (this._place !== null || !PLAIN_PARAGRAPH.test(text)) {
      return false;
    }
    const paragraph = document.createElement('p');
    paragraph.dir = 'auto';
    paragraph.append(text.trimEnd());
    const nodes = document.createDocumentFragment();
    nodes.append(paragraph);
    this.show({ nodes, loading: [] }, text, true);
    return true;
  }

  /** Find the text node that the source's last word was rendered to, if it was rendered as plain text. */
  private _findWord(content: Element, source: string): void {
    const end = LAST_CHARACTERS.exec(source);
    const last = lastText(content);
    if (end === null || last === null || !SETTLED_LINE.test(source)) {
      return;
    }
    const [word, spaces] = end;
    if (last.data.endsWith(word.trimEnd()) && !last.parentElement?.closest(GENERATED)) {
      this._word = last;
      this._spaces = last.data.endsWith(word) ? '' : spaces;
    }
  }

  private _place: IPlace | null = null;
  private _held: { readonly block: HTMLElement; height: number } | null = null;
  private _isRendered = false;
  private _word: Text | null = null;
  /** Spaces at the source's end, which the renderer has left out. */
  private _spaces = '';
}

/** Lower a block by frames, not by time: after a frame that took long it would be lower at once. */
function lowerSlowly(block: HTMLElement, height: number, end: number): void {
  if (height <= end) {
    block.style.removeProperty('min-height');
    return;
  }
  block.style.minHeight = `${height}px`;
  requestAnimationFrame(() => lowerSlowly(block, height - RELEASE_STEP, end));
}
