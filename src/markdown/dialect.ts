/**
 * The Markdown that models write: GFM as JupyterLab reads it, and the rules in which they differ from it.
 *
 * Formulas in `\( \)` and `\[ \]`, emphasis beside CJK punctuation, one tilde that strikes nothing, addresses that
 * end where Chinese begins, words in angle brackets that are no HTML, documents in fences that hold fences,
 * footnotes, alerts. Splitter and renderer both read text by this lexer. Makes tokens only; no DOM.
 */

import { Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens } from 'marked';

import { EMPHASIS_RULES } from './emphasis';
import { FenceLines, lineAt } from './fenceline';
import { isHtmlBlock, isTag, openedBy } from './htmltags';
import { FORMULA_MARK, type IFormula, paintedFormula } from './math';

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

/** A quote that GitHub draws as a note, a warning and so on. */
export interface IAlertToken extends Tokens.Blockquote {
  alert?: string;
}

/** Stands for a formula that is still being written. */
export const OPEN_FORMULA = '\ufdd2';

/** Signs of markup in one stretch of text; beyond, it is plain: looking for pairs grows with their square. */
const MOST_SIGNS = 5000;
const SIGNS = /[*_~`[\]<!\\]/g;

/** Characters that may be searched for the ends of emphasis in one stretch of text. */
const EMPHASIS_BUDGET = 500_000;

/** Quotes and lists in each other. */
const DEEPEST = 24;

const FENCE = /^ {0,3}(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)(?:\n|$)/;
const ALERT = /^\[!(note|tip|important|warning|caution)\][ \t]*(?:\n|$)/i;
const FOOTNOTE =
  /^ {0,3}\[\^([^\]\s]+)\]:[ \t]*([^\n]*(?:\n(?![ \t]*\n| {0,3}\[\^[^\]\s]+\]:)[^\n]+)*(?:\n[ \t]*\n(?:[ \t]{2,}\S[^\n]*(?:\n|$))+)*)(?:\n[ \t]*(?=\n|$))*\n?/;
const FOOTNOTE_START = /\n {0,3}\[\^[^\]\s]+\]:/;
const FOOTNOTE_REF = /^\[\^(\d{1,3}|[A-Za-z]{4,}[\w-]*|(?:fn|ref)\w*)\](?![(:])/;

/** Where an address ends in CJK text: at its punctuation, and at a letter of it right behind a Latin one. */
const CJK_BEHIND_ADDRESS =
  /[\u2018-\u201f\u2026\u3000-\u3003\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]|(?<=[A-Za-z0-9])[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]/;

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

  override html(source: string): Tokens.HTML | undefined {
    const token = isHtmlBlock(source.trimStart()) ? super.html(source) : undefined;
    token?.raw.match(/<[a-z][^<>]*/gi)?.forEach(tag => this._open(tag));
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
      const match = token && ALERT.exec(token.text);
      if (token && match) {
        token.alert = match[1].toLowerCase();
        token.tokens = this.lexer.blockTokens(token.text.slice(match[0].length), []);
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
    if ((source[0] !== '*' && source[0] !== '_') || lexer.emphasisBudget <= 0) {
      return undefined;
    }
    const token = super.emStrong(source, masked, before);
    lexer.emphasisBudget -= token ? token.raw.length : source.length;
    return token;
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

  override del(source: string, masked: string, before?: string): Tokens.Del | undefined {
    return source.startsWith('~~') ? super.del(source, masked, before) : undefined;
  }

  override url(source: string): Tokens.Link | undefined {
    const token = super.url(source);
    const cut = token ? token.raw.search(CJK_BEHIND_ADDRESS) : -1;
    return cut < 0 ? token : super.url(source.slice(0, cut));
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

function footnoteRef(source: string): Tokens.Generic | undefined {
  const match = FOOTNOTE_REF.exec(source);
  return match ? { type: 'footnoteRef', raw: match[0], label: match[1] } : undefined;
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
    inline: [mathToken, footnoteRef],
    startBlock: [
      source => {
        const at = source.search(FOOTNOTE_START);
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
      source => found(source.indexOf('[^'))
    ],
    renderers: {},
    childTokens: {}
  }
};
