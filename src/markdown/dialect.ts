/**
 * The Markdown that models write: GFM as JupyterLab reads it, and the rules in which they differ from it.
 *
 * Formulas in `\( \)` and `\[ \]`, emphasis beside CJK punctuation, one tilde that strikes nothing, addresses that
 * end where Chinese begins, words in angle brackets that are no HTML, documents in fences that hold fences,
 * footnotes, alerts. Splitter and renderer both read text by this lexer. Makes tokens only; no DOM.
 */

import { Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens } from 'marked';

import { alertIn, type IAlert } from './alerts';
import { EMPHASIS_RULES, isOperator, nameIn } from './emphasis';
import { FenceLines, lineAt } from './fenceline';
import { isHtmlBlock, isTag, openedBy } from './htmltags';
import { addressEnd } from './links';
import { FORMULA_MARK, type IFormula, paintedFormula } from './math';
import { escapePipesInCode } from './rows';

export interface IMathToken {
  readonly type: 'math';
  readonly raw: string;
  readonly formula: IFormula;
}

export interface IFootnoteToken {
  readonly type: 'footnote' | 'footnoteRef';
  readonly raw: string;
  readonly label: string;
  readonly tokens?: Token[];
}

/** A quote, or a note, a warning and so on with its title. */
export interface IAlertToken extends Tokens.Blockquote {
  alert?: IAlert;
  title?: Token[];
}

/** A block of HTML with the line that text is folded under. */
export interface ISummaryToken extends Tokens.HTML {
  summary?: Token[];
}

/** The line that text is folded under, its end perhaps still to come: its text is Markdown. */
export const SUMMARY = /(<summary[^<>\n]*>)([^<\n]+)/i;

/** Stands for a formula that is still being written. */
export const OPEN_FORMULA = '\ufdd2';

/** Signs of markup in one stretch of text; beyond, it is plain: looking for pairs grows with their square. */
const MOST_SIGNS = 5000;
const SIGNS = /[*_~`[\]<!\\]/g;

/** Characters that may be searched for the ends of emphasis in one stretch of text. */
const EMPHASIS_BUDGET = 500_000;

/** An address that stands in the text, in characters: each may begin another one, so that all are read anew. */
const LONGEST_ADDRESS = 2000;

/** Quotes and lists in each other. */
const DEEPEST = 24;

const FENCE = /^ {0,3}(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)(?:\n|$)/;
/** A heading without a space behind its marks, as Chinese models write it; one mark alone begins a tag: `#today`. */
const TIGHT_HEADING = /^ {0,3}(#{2,6})(?=[^\s#])([^\n]+)(?:\n+|$)/;
const TIGHT_HEADING_START = /\n {0,3}#{2,6}[^\s#]/;
const FOOTNOTE =
  /^ {0,3}\[\^([^\]\s]+)\]:[ \t]*([^\n]*(?:\n(?![ \t]*\n| {0,3}\[\^[^\]\s]+\]:)[^\n]+)*(?:\n[ \t]*\n(?:[ \t]{2,}\S[^\n]*(?:\n|$))+)*)(?:\n[ \t]*(?=\n|$))*\n?/;
const ADJACENT_STRONG = /^(\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*)\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*(?!\*)/;
const FOOTNOTE_START = /\n {0,3}\[\^[^\]\s]+\]:/;
const WINDOWS_PATH = /^[A-Za-z]:(?:\\[\w.$%~-]+)+\\?/;
const WINDOWS_PATH_START = /(?<![A-Za-z])[A-Za-z]:\\[\w.$%~-]/;
/** Kimi has a mark behind the number as well: `[^1^]`. */
const FOOTNOTE_REF = /^\[\^(?:(\d{1,3})\^?|([A-Za-z]{4,}[\w-]*|(?:fn|ref)\w*))\](?![(:])/;

export class DialectLexer extends Lexer {
  /** @param formulas those that the source is painted over with. */
  constructor(formulas: readonly IFormula[] = []) {
    const tokenizer = new DialectTokenizer();
    super({ ...OPTIONS, tokenizer });
    this.formulas = formulas;
    const { rules } = tokenizer;
    tokenizer.rules = { ...rules, inline: { ...rules.inline, ...EMPHASIS_RULES } };
  }

  readonly formulas: readonly IFormula[];

  /** Characters that may yet be searched for the end of emphasis. */
  emphasisBudget = 0;

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (this._inlineDepth === 0) {
      this.emphasisBudget = EMPHASIS_BUDGET;
      if ((source.match(SIGNS)?.length ?? 0) > MOST_SIGNS) {
        tokens.push({ type: 'text', raw: source, text: source, escaped: false });
        return tokens;
      }
    }
    this._inlineDepth += 1;
    const found = super.inlineTokens(source, tokens);
    this._inlineDepth -= 1;
    return found;
  }

  private _inlineDepth = 0;
}

class DialectTokenizer extends Tokenizer {
  override fences(source: string): Tokens.Code | undefined {
    const match = FENCE.exec(source);
    if (match === null) {
      return undefined;
    }
    const info = match[2].trim();
    const lines = new FenceLines(match[1], info);
    let end = match[0].length;
    let close = source.length;
    for (close = end; close < source.length; close = end) {
      const newline = source.indexOf('\n', close);
      end = newline < 0 ? source.length : newline + 1;
      if (lines.closes(source.slice(close, end), lineAt(source, end))) {
        break;
      }
    }
    // The newline behind the last mark is not the fence's.
    const raw = source.slice(0, end).replace(close < source.length ? /\n$/ : /$/, '');
    const indent = /^ */.exec(source)?.[0].length ?? 0;
    const body = source.slice(match[0].length, close).replace(/\n$/, '');
    return {
      type: 'code',
      raw,
      lang: info.replace(/\\([^\w\s])/g, '$1'),
      text: indent > 0 ? body.replace(new RegExp(`^ {1,${indent}}`, 'gm'), '') : body
    };
  }

  override heading(source: string): Tokens.Heading | undefined {
    const match = TIGHT_HEADING.exec(source);
    if (match === null) {
      return super.heading(source);
    }
    const [raw, { length: depth }, line] = match;
    const text = line.replace(/[ \t]+#+[ \t]*$/, '').trim();
    return { type: 'heading', raw, depth, text, tokens: this.lexer.inline(text) };
  }

  override table(source: string): Tokens.Table | undefined {
    const token = super.table(source);
    if (token === undefined) {
      return undefined;
    }
    const mended = escapePipesInCode(token.raw, token.header.length);
    const table = mended === token.raw ? token : super.table(mended);
    return table && { ...table, raw: token.raw };
  }

  override html(source: string): ISummaryToken | undefined {
    const isOpen = (name: string) => this._opened.has(name);
    const token: ISummaryToken | undefined = isHtmlBlock(source.trimStart(), isOpen)
      ? super.html(source)
      : undefined;
    token?.raw.match(/<[a-z][^<>]*/gi)?.forEach(tag => this._open(tag));
    const summary = token && SUMMARY.exec(token.text)?.[2];
    if (token && summary) {
      token.summary = this.lexer.inlineTokens(summary);
    }
    return token;
  }

  override tag(source: string): Tokens.Tag | undefined {
    const isMarkup = source.startsWith('<') && isTag(source, name => this._opened.has(name));
    const token = isMarkup ? super.tag(source) : undefined;
    if (token) {
      this._open(token.raw);
    }
    if (token && /^<br\b/i.test(token.raw) && source[token.raw.length] === '\n') {
      // The end of the line is no second break.
      token.raw += '\n';
    }
    return token;
  }

  override blockquote(source: string): IAlertToken | undefined {
    return this._nested(() => {
      const token: IAlertToken | undefined = super.blockquote(source);
      const alert = token && alertIn(token.text);
      if (token && alert) {
        const body = token.text.slice(alert.length);
        // Without any text below, what stands behind the word is the text.
        const isTitle = body.trim() !== '';
        token.alert = alert;
        token.title = isTitle && alert.title !== '' ? this.lexer.inline(alert.title) : undefined;
        token.tokens = this.lexer.blockTokens(isTitle ? body : alert.title, []);
      }
      return token;
    });
  }

  override list(source: string): Tokens.List | undefined {
    return this._nested(() => super.list(source));
  }

  override emStrong(
    source: string,
    masked: string,
    before = ''
  ): Tokens.Em | Tokens.Strong | undefined {
    const lexer = this.lexer as DialectLexer;
    const isMark = source[0] === '*' || source[0] === '_';
    if (!isMark || lexer.emphasisBudget <= 0 || isOperator(source, before)) {
      return undefined;
    }
    const token = this._adjacentStrong(source, masked) ?? super.emStrong(source, masked, before);
    lexer.emphasisBudget -= token ? token.raw.length : source.length;
    return token;
  }

  /** Bold text right before other bold text: without a space between them their marks are one run. */
  private _adjacentStrong(source: string, masked: string): Tokens.Strong | undefined {
    // In the masked text no mark within code or a link is found.
    const length = ADJACENT_STRONG.exec(masked.slice(-source.length))?.[1].length;
    if (length === undefined) {
      return undefined;
    }
    const text = source.slice(2, length - 2);
    const tokens = this.lexer.inlineTokens(text);
    return { type: 'strong', raw: source.slice(0, length), text, tokens };
  }

  override codespan(source: string): Tokens.Codespan | undefined {
    const run = /^`+/.exec(source)?.[0];
    if (run === undefined) {
      return undefined;
    }
    for (let at = source.indexOf(run, run.length); at >= 0;) {
      let end = at + run.length;
      while (source[end] === '`') {
        end += 1;
      }
      if (end - at === run.length) {
        const text = source.slice(run.length, at).replace(/\n/g, ' ');
        const isPadded = text.trim() !== '' && text.startsWith(' ') && text.endsWith(' ');
        return {
          type: 'codespan',
          raw: source.slice(0, end),
          text: isPadded ? text.slice(1, -1) : text
        };
      }
      at = source.indexOf(run, end);
    }
    return undefined;
  }

  override del(source: string, masked: string): Tokens.Del | undefined {
    const lexer = this.lexer as DialectLexer;
    if (!/^~~[^\s~]/.test(source) || lexer.emphasisBudget <= 0) {
      return undefined;
    }
    // In the masked text no mark within code or a link is found.
    const close = /[^\s~]~~(?!~)/g;
    close.lastIndex = 2;
    const end = close.exec(masked.slice(-source.length)) ? close.lastIndex - 2 : -1;
    lexer.emphasisBudget -= end < 0 ? source.length : end;
    if (end < 0) {
      return undefined;
    }
    const text = source.slice(2, end);
    return { type: 'del', raw: source.slice(0, end + 2), text, tokens: lexer.inlineTokens(text) };
  }

  override url(source: string): Tokens.Link | undefined {
    const near = source.slice(0, LONGEST_ADDRESS);
    const token = super.url(near);
    if (token === undefined || (token.raw === near && near !== source)) {
      return undefined;
    }
    const end = addressEnd(token.raw);
    return end < token.raw.length ? super.url(near.slice(0, end)) : token;
  }

  private _open(tag: string): void {
    const name = openedBy(tag);
    if (name !== null) {
      this._opened.add(name);
    }
  }

  private _nested<T>(read: () => T | undefined): T | undefined {
    if (this._depth >= DEEPEST) {
      return undefined;
    }
    this._depth += 1;
    const token = read();
    this._depth -= 1;
    return token;
  }

  private _depth = 0;
  /** Names of the elements that were opened. */
  private readonly _opened = new Set<string>();
}

function mathToken(this: { lexer: Lexer }, source: string): Tokens.Generic | undefined {
  if (source.startsWith(OPEN_FORMULA)) {
    return { type: 'openFormula', raw: OPEN_FORMULA };
  }
  const painted = paintedFormula(source);
  const formula = painted && (this.lexer as DialectLexer).formulas[painted.index];
  if (!formula) {
    return undefined;
  }
  // The end of the line behind a block of its own is no second break.
  const end = formula.display
    ? (/^[ \t]*\n/.exec(source.slice(painted.length))?.[0].length ?? 0)
    : 0;
  return { type: 'math', raw: source.slice(0, painted.length + end), formula };
}

function nameToken(source: string): Tokens.Generic | undefined {
  const name = nameIn(source);
  return name === '' ? undefined : { type: 'text', raw: name, text: name };
}

/** A path of Windows: no backslash in it escapes anything. */
function windowsPath(source: string): Tokens.Generic | undefined {
  const path = WINDOWS_PATH.exec(source)?.[0];
  return path === undefined ? undefined : { type: 'text', raw: path, text: path };
}

function footnoteRef(source: string): Tokens.Generic | undefined {
  const match = FOOTNOTE_REF.exec(source);
  return match ? { type: 'footnoteRef', raw: match[0], label: match[1] ?? match[2] } : undefined;
}

function footnote(this: { lexer: Lexer }, source: string): Tokens.Generic | undefined {
  const match = FOOTNOTE.exec(source);
  if (match === null) {
    return undefined;
  }
  const token = { type: 'footnote', raw: match[0], label: match[1], tokens: [] as Token[] };
  const text = match[2].replace(/\n[ \t]*\n[ \t]*/g, '\n').replace(/\n[ \t]+/g, '\n');
  this.lexer.inline(text.trim(), token.tokens);
  return token;
}

function found(index: number): number | undefined {
  return index < 0 ? undefined : index;
}

const OPTIONS: MarkedOptions = {
  gfm: true,
  breaks: true,
  extensions: {
    block: [footnote],
    inline: [mathToken, footnoteRef, nameToken, windowsPath],
    startBlock: [
      source => {
        const at = source.search(FOOTNOTE_START);
        return found(at < 0 ? at : at + 1);
      },
      source => {
        const at = source.search(TIGHT_HEADING_START);
        return found(at < 0 ? at : at + 1);
      }
    ],
    startInline: [
      function (source) {
        return (this.lexer as DialectLexer).formulas.length > 0
          ? found(source.indexOf(FORMULA_MARK))
          : undefined;
      },
      source => found(source.indexOf(OPEN_FORMULA)),
      source => found(source.indexOf('[^')),
      source => found(source.indexOf('__')),
      source => found(source.search(WINDOWS_PATH_START))
    ],
    renderers: {},
    childTokens: {}
  }
};
