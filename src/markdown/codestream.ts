/**
 * Highlights code while it is being written, line by line.
 *
 * The parser goes on from its last tree, and only new lines become DOM, so the work follows the text added. In
 * the end text and colours are those of highlighting the whole at once: a chunk of lines whose colours later
 * text has changed is made again when it is full and when the code ends. Builds DOM by text and class names
 * only; where the language comes from is not its business.
 */

import { type Parser, type Tree, TreeFragment } from '@lezer/common';
import { type Highlighter, highlightTree } from '@lezer/highlight';

/** A language's parser, and the style that gives its tokens their classes. */
export interface ICodeStyle {
  readonly parser: Parser;
  readonly highlighter: Highlighter | readonly Highlighter[];
}

interface ISpan {
  readonly from: number;
  readonly to: number;
  readonly classes: string;
}

/** Consecutive lines. Chunks after the first have an element of their own, so that layout stays local. */
interface IChunk {
  readonly node: HTMLElement;
  readonly from: number;
  to: number;
  lines: number;
  spans: ISpan[];
}

const CHUNK_LINES = 40;

/** Class of the element around each chunk but the first. */
export const CHUNK_CLASS = 'jp-StreamChat-codeLines';

export class CodeStream {
  /** @param _code the element to fill, empty. */
  constructor(private readonly _code: HTMLElement) {
    this._chunks = [{ node: _code, from: 0, to: 0, lines: 0, spans: [] }];
  }

  /** Characters made into DOM so far: the work done, for tests. */
  written = 0;

  /** Highlight from now on, and what is there already. */
  setStyle(style: ICodeStyle): void {
    this._style = style;
    if (this._text !== '') {
      this._parse(0);
      this._chunks.forEach(chunk => this._recolour(chunk));
    }
  }

  /** Add complete lines; each but the first begins with its newline. */
  append(text: string): void {
    this.showPartial('');
    const start = this._text.length;
    this._text += text;
    this._parse(start);
    for (let position = start; position < this._text.length;) {
      position = this._write(position);
    }
  }

  /** Show the beginning of a line, without colours until the line is complete. */
  showPartial(text: string): void {
    if (text === '') {
      this._partial?.remove();
      this._partial = null;
    } else if (this._partial === null) {
      this._partial = document.createTextNode(text);
      this._lastChunk.node.append(this._partial);
    } else {
      this._partial.data = text;
    }
  }

  /** The code has ended, with `rest` behind its last line: make its colours final. */
  finish(rest = ''): void {
    this.showPartial('');
    this._chunks.forEach(chunk => this._recolour(chunk));
    if (rest !== '') {
      appendText(this._lastChunk.node, rest);
    }
    this._tree = null;
    this._fragments = [];
  }

  /** The code so far, without a partial line. */
  get text(): string {
    return this._text;
  }

  private get _lastChunk(): IChunk {
    return this._chunks[this._chunks.length - 1];
  }

  private _parse(changedFrom: number): void {
    if (this._style === null) {
      return;
    }
    if (this._tree !== null) {
      const change = {
        fromA: changedFrom,
        toA: changedFrom,
        fromB: changedFrom,
        toB: this._text.length
      };
      const fragments = TreeFragment.addTree(this._tree, this._fragments);
      this._fragments = TreeFragment.applyChanges(fragments, [change]);
    }
    this._tree = this._style.parser.parse(this._text, this._fragments);
  }

  /** Write from `position` to the end of the chunk or of the text; returns where it stopped. */
  private _write(position: number): number {
    const chunk = this._lastChunk;
    const end = this._endOfChunk(chunk, position);
    const spans = this._spansBetween(position, end);
    this.written += end - position;
    const last = chunk.spans[chunk.spans.length - 1];
    const element = chunk.node.lastElementChild;
    if (
      element !== null &&
      last !== undefined &&
      spans[0]?.from === position &&
      joins(last, spans[0])
    ) {
      const { to } = spans[0];
      appendText(element, this._text.slice(position, to));
      chunk.spans[chunk.spans.length - 1] = { ...last, to };
      spans.shift();
      position = to;
    }
    this._writeSpans(chunk.node, position, end, spans);
    chunk.spans.push(...spans);
    chunk.to = end;
    if (chunk.lines === CHUNK_LINES) {
      this._recolour(chunk);
      this._openChunk();
    }
    return end;
  }

  /** Where the chunk is full, behind a newline: at the end of an element that makes no empty line. */
  private _endOfChunk(chunk: IChunk, position: number): number {
    while (chunk.lines < CHUNK_LINES) {
      const newline = this._text.indexOf('\n', position);
      if (newline < 0) {
        return this._text.length;
      }
      chunk.lines += 1;
      position = newline + 1;
    }
    return position;
  }

  private _openChunk(): void {
    const from = this._lastChunk.to;
    const node = document.createElement('span');
    node.className = CHUNK_CLASS;
    this._code.append(node);
    this._chunks.push({ node, from, to: from, lines: 0, spans: [] });
  }

  /** Make a chunk again if its colours are no longer those that the tree gives it. */
  private _recolour(chunk: IChunk): void {
    const spans = this._spansBetween(chunk.from, chunk.to);
    if (sameSpans(spans, chunk.spans)) {
      return;
    }
    const fresh = document.createElement('span');
    this._writeSpans(fresh, chunk.from, chunk.to, spans);
    while (
      chunk.node.firstChild &&
      !isChunk(chunk.node.firstChild) &&
      chunk.node.firstChild !== this._partial
    ) {
      chunk.node.firstChild.remove();
    }
    chunk.node.prepend(...fresh.childNodes);
    chunk.spans = spans;
  }

  private _writeSpans(node: Element, from: number, to: number, spans: readonly ISpan[]): void {
    let position = from;
    for (const span of spans) {
      appendText(node, this._text.slice(position, span.from));
      const element = document.createElement('span');
      element.className = span.classes;
      element.textContent = this._text.slice(span.from, span.to);
      node.append(element);
      position = span.to;
    }
    appendText(node, this._text.slice(position, to));
  }

  private _spansBetween(from: number, to: number): ISpan[] {
    const spans: ISpan[] = [];
    const put = (start: number, end: number, classes: string) => {
      spans.push({ from: start, to: end, classes });
    };
    if (this._tree !== null && this._style !== null) {
      highlightTree(this._tree, this._style.highlighter, put, from, to);
    }
    return spans;
  }

  private readonly _chunks: IChunk[];
  private _text = '';
  private _partial: Text | null = null;
  private _style: ICodeStyle | null = null;
  private _tree: Tree | null = null;
  private _fragments: readonly TreeFragment[] = [];
}

function joins(left: ISpan, right: ISpan): boolean {
  return left.to === right.from && left.classes === right.classes;
}

function sameSpans(left: readonly ISpan[], right: readonly ISpan[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ from, to, classes }, i) => {
      const other = right[i];
      return from === other.from && to === other.to && classes === other.classes;
    })
  );
}

function isChunk(node: ChildNode): boolean {
  return node instanceof Element && node.className === CHUNK_CLASS;
}

/** Append text, to the last text node if there is one. */
function appendText(node: Element, text: string): void {
  if (text === '') {
    return;
  }
  if (node.lastChild instanceof Text) {
    node.lastChild.appendData(text);
  } else {
    node.append(text);
  }
}
