/**
 * Splits growing Markdown into top-level blocks.
 *
 * A block is handed out once, as soon as no later text can change it; what remains is the open tail. Only the
 * tail is ever lexed again, and a long tail only after it has grown by a tenth, so that the work stays linear
 * in the text. A fenced code block at the top level is handed out line by line, and a long list or table in parts
 * of some items or rows. No DOM, nothing of Jupyter.
 */

import type { Token, Tokens } from 'marked';

import { DialectLexer } from './dialect';
import { FenceLines, lineAt } from './fenceline';
import { HtmlBalance } from './htmlbalance';
import type { ILinkDefinition } from './links';
import { findMath, type IFormula, paint } from './math';

/** What a block is: Markdown to render, or fenced code whose text was handed out while it streamed. */
export type BlockKind = 'markdown' | 'fence';

/** What the block before goes on with: a list with further items, or a table with further rows. */
export interface IContinuation {
  readonly of: 'list' | 'table';

  /** Source to read in front of the block's own: the head of the table. */
  readonly head: string;
}

/** A finished top-level block; the sources of all blocks in order are the text. */
export interface IBlock {
  readonly source: string;
  readonly kind: BlockKind;

  /** Set if the block goes on with what the one before began. */
  readonly continues?: IContinuation;

  /** Info string of a fence. */
  readonly info?: string;

  /** Link definitions in it, in order. */
  readonly definitions?: readonly ILinkDefinition[];
}

/** Receives what the splitter finds, in the order of the text; each `source` is the next piece of it. */
export interface IBlockSink {
  /** A Markdown block is finished. */
  block(block: IBlock): void;

  /** A fence opens; `source` is what stands before its code. */
  openFence(info: string, source: string): void;

  /** The open fence's code goes on by complete lines; the newline after the last one is left for the next. */
  code(text: string, source: string): void;

  /** The open fence is closed, by the line `source` or, when that is empty, by the end of the text. */
  closeFence(block: IBlock, source: string): void;
}

interface IOpenFence {
  readonly info: string;
  readonly lines: FenceLines;
  readonly source: string[];
}

interface IGroup {
  readonly source: string;
  readonly tokens: readonly Token[];
  /** Set if the group is a part of a list or table, and how the rest of that goes on. */
  readonly rest?: IContinuation;
}

/** Longest tail that is lexed at each new line; a longer one is when it has grown by `GROWTH`. */
export const SHORT_TAIL = 2000;
const GROWTH = 1.1;

/** A list or table that is longer is handed out in parts that are at least this long. */
const LONGEST_PART = 1500;

// Info strings that need escaping are left to the Markdown renderer.
const FENCE = /^(?:[ \t\r]*\n)*(`{3,}|~{3,})([\p{L}\p{N}_+#./ :=,{}()"'@!*%[\]-]*)\r?\n/u;
const FIRST_LINE = /^(?:[ \t\r]*\n)*[ \t\r]*\S[^\n]*\n/;
const BLANK_END = /\n[ \t]*\n$/;
const TITLE_START = /^\s*["'(]/;

export class MarkdownSplitter {
  constructor(private readonly _sink: IBlockSink) {}

  /** Characters given to the lexer so far: the work done, for tests and benchmarks. */
  lexed = 0;

  /** Source that was not handed out; inside a fence, the line that is not complete. */
  get tail(): string {
    return this._tail;
  }

  /** What the tail goes on with, if the block before it is only a part. */
  get continues(): IContinuation | null {
    return this._continues;
  }

  /** Add text and hand out what is finished. */
  append(text: string): void {
    // Long text is read as if it had streamed, so that no lexing looks far beyond the block at hand.
    for (let start = 0; start < text.length; start += SHORT_TAIL) {
      this._read(text.slice(start, start + SHORT_TAIL));
    }
  }

  /** The text has ended: hand out all that is left. */
  finish(): void {
    this._complete = this._tail.length;
    this._split(true);
    if (this._fence) {
      this._closeFence(this._fence, '');
    }
  }

  private _read(text: string): void {
    const newline = text.lastIndexOf('\n');
    if (newline >= 0) {
      this._complete = this._tail.length + newline + 1;
    }
    this._tail += text;
    if (newline >= 0) {
      this._split(false);
    }
  }

  private _split(ended: boolean): void {
    do {
      if (this._fence) {
        this._readFence(this._fence, ended);
      }
    } while (!this._fence && (this._openFence() || this._readBlocks(ended)));
  }

  /** Hand out the finished blocks at the start of the tail; true if there were any. */
  private _readBlocks(ended: boolean): boolean {
    const length = this._complete;
    const due = length > SHORT_TAIL ? length >= this._lexedTail * GROWTH : length > this._lexedTail;
    if (length === 0 || !(ended || due)) {
      return false;
    }
    const groups = this._finishedBlocks(this._tail.slice(0, length), ended);
    const fence = groups.findIndex(group => opensFence(group.source));
    const blocks = fence < 0 ? groups : groups.slice(0, fence);
    for (const { source, tokens, rest } of blocks) {
      const continues = this._continues ?? undefined;
      this._cut(source.length);
      this._continues = rest ?? null;
      const definitions = tokens.flatMap(definitionsIn);
      this._sink.block({ source, kind: 'markdown', continues, definitions });
    }
    const isPart = this._continues !== null && blocks.length > 0;
    this._lexedTail = fence < 0 && !isPart ? this._complete : 0;
    return blocks.length > 0;
  }

  /** The blocks of `region` that later text cannot change; with `ended`, all. */
  private _finishedBlocks(region: string, ended: boolean): IGroup[] {
    const head = this._continues?.head ?? '';
    const source = head + region.replace(/\r\n?/g, '\n');
    const { formulas, open } = findMath(source);
    // Math that is still open may yet swallow the boundaries behind its start.
    const limit = ended || open < 0 ? Infinity : open;
    const tokens = this._lex(paint(source, formulas), formulas);
    if (
      this._continues &&
      (tokens[0]?.type !== this._continues.of || tokens[0].raw.length <= head.length)
    ) {
      this._continues = null;
      return this._finishedBlocks(region, ended);
    }
    const firstOpen = ended ? Infinity : firstOpenToken(tokens);
    const html = new HtmlBalance();
    const groups: IGroup[] = [];
    let group: Token[] = [];
    let start = 0;
    let position = -head.length;
    for (const [index, token] of tokens.entries()) {
      const rest = html.open || group.some(({ type }) => type !== 'space') ? null : partOf(token);
      if (rest !== null && position + rest.length + head.length <= limit) {
        const end = originalOffset(region, position + rest.length);
        groups.push({ source: region.slice(start, end), tokens: [...group, ...rest.tokens], rest });
        return groups;
      }
      position += token.raw.length;
      group.push(token);
      if (token.type === 'html') {
        html.readHtml(token.raw);
      } else if (token.type === 'paragraph' || (html.open && token.type !== 'code')) {
        html.readText(token.raw);
      }
      const closed =
        index < firstOpen &&
        isBoundary(tokens, index) &&
        !html.open &&
        position + head.length <= limit;
      if (closed || (ended && index === tokens.length - 1)) {
        const end = originalOffset(region, position);
        groups.push({ source: region.slice(start, end), tokens: group });
        start = end;
        group = [];
      }
    }
    return groups;
  }

  private _lex(source: string, formulas: readonly IFormula[]): Token[] {
    this.lexed += source.length;
    const lexer = new DialectLexer(formulas);
    // The lexer drops a second definition of a label from its tokens; remembering none, it reports each.
    lexer.tokens.links = new Proxy({}, { set: () => true });
    return lexer.blockTokens(source, []);
  }

  /** Enter the fence that the tail begins with, if any. Asked once for each tail. */
  private _openFence(): boolean {
    if (this._ordinary) {
      return false;
    }
    const lines = this._tail.slice(0, this._complete);
    const match = opensFence(lines);
    this._ordinary = match === null && FIRST_LINE.test(lines);
    if (match === null) {
      return false;
    }
    const [source, marks, info] = match;
    this._fence = {
      info: info.trim(),
      lines: new FenceLines(marks, info.trim()),
      source: [source]
    };
    this._continues = null;
    this._cut(source.length);
    this._sink.openFence(this._fence.info, source);
    return true;
  }

  private _readFence(fence: IOpenFence, ended: boolean): void {
    const lines = this._tail.slice(0, this._complete);
    let start = 0;
    while (start < lines.length) {
      const line = lineAt(lines, start);
      const end = start + line.length;
      if (end === lines.length && !ended && fence.lines.isUndecided(line)) {
        break;
      }
      if (fence.lines.closes(line, lineAt(lines, end))) {
        this._readCode(fence, lines.slice(0, start));
        this._closeFence(fence, line);
        return;
      }
      start = end;
    }
    this._readCode(fence, lines.slice(0, start));
  }

  private _readCode(fence: IOpenFence, source: string): void {
    if (source !== '') {
      const code = source.replace(/\r\n?/g, '\n').replace(/\n$/, '');
      const first = fence.source.length === 1;
      fence.source.push(source);
      this._cut(source.length);
      this._sink.code(first ? code : '\n' + code, source);
    }
  }

  private _closeFence(fence: IOpenFence, line: string): void {
    this._fence = null;
    this._cut(line.length);
    const source = fence.source.join('') + line;
    this._sink.closeFence({ source, kind: 'fence', info: fence.info }, line);
  }

  private _cut(length: number): void {
    this._tail = this._tail.slice(length);
    this._complete -= length;
    this._lexedTail = 0;
    this._ordinary = false;
  }

  private _tail = '';
  private _continues: IContinuation | null = null;
  private _fence: IOpenFence | null = null;
  /** End of the tail's last complete line. */
  private _complete = 0;
  /** Length of the tail when it was last lexed. */
  private _lexedTail = 0;
  /** Whether the tail is known to begin with no fence. */
  private _ordinary = false;
}

/** The definitions in a token, also those within quotes and list items. */
function definitionsIn(token: Token): ILinkDefinition[] {
  if (token.type === 'def') {
    return [{ label: (token as Tokens.Def).tag, source: token.raw }];
  }
  const children: Token[] | undefined =
    token.type === 'list' ? (token as Tokens.List).items : (token as Tokens.Generic).tokens;
  return children?.flatMap(definitionsIn) ?? [];
}

function opensFence(source: string): RegExpExecArray | null {
  return FENCE.exec(source);
}

interface IPart extends IContinuation {
  readonly length: number;
  readonly tokens: readonly Token[];
}

/** The first part of a long list or table of which more has begun; null if there is none to cut off. */
function partOf(token: Token): IPart | null {
  if (token.raw.length <= LONGEST_PART) {
    return null;
  }
  if (token.type === 'list') {
    const items = (token as Tokens.List).items;
    let length = 0;
    for (const [index, item] of items.slice(0, -1).entries()) {
      length += item.raw.length;
      if (length >= LONGEST_PART) {
        return { of: 'list', head: '', length, tokens: items.slice(0, index + 1) };
      }
    }
  } else if (token.type === 'table') {
    const end = token.raw.indexOf('\n', LONGEST_PART) + 1;
    if (end > 0 && token.raw.slice(end).trim() !== '') {
      const head = token.raw.split('\n', 2).join('\n') + '\n';
      return { of: 'table', head, length: end, tokens: [] };
    }
  }
  return null;
}

/**
 * The first token that a line still to come could change.
 *
 * That is the last one, or else where lines without a blank one among them begin with a paragraph: marked takes
 * them all for one heading if they are underlined, even a rule among them.
 */
function firstOpenToken(tokens: readonly Token[]): number {
  let first = tokens.length - 1;
  for (let index = first; index >= 0; index -= 1) {
    const { type, raw } = tokens[index];
    if ((type !== 'paragraph' && type !== 'hr') || BLANK_END.test(raw)) {
      break;
    }
    first = type === 'paragraph' ? index : first;
  }
  return first;
}

/** Whether a block surely ends with token `index`: another follows, and it cannot be this one's link title. */
function isBoundary(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  const next = tokens[index + 1];
  if (next === undefined || next.type === 'space' || (index === 0 && token.type === 'space')) {
    return false;
  }
  const mayTakeTitle =
    token.type === 'def' && !BLANK_END.test(token.raw) && index + 2 === tokens.length;
  return !(mayTakeTitle && TITLE_START.test(next.raw));
}

/** The offset in `source` of an offset in the same text with each CR LF made one character. */
function originalOffset(source: string, offset: number): number {
  let dropped = 0;
  for (const { index } of source.matchAll(/\r\n/g)) {
    if (index - dropped >= offset) {
      break;
    }
    dropped += 1;
  }
  return offset + dropped;
}
