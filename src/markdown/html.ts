/**
 * HTML for a piece of Markdown.
 *
 * Pure: what a reader has sent goes in, a string comes out; `sanitize.ts` decides what of it reaches the page. No
 * white space stands between blocks, so that two renderings can be compared node by node.
 */

import { Parser, Renderer, type Token, type Tokens } from 'marked';

import {
  DialectLexer,
  type IAlertToken,
  type IFootnoteToken,
  type IMathToken,
  type ISummaryToken,
  OPEN_FORMULA,
  SUMMARY
} from './dialect';
import { languageIn } from './fenceline';
import { findMath, type IFormula, paint, restore } from './math';
import { showControls } from './signs';
import { isModest, mended } from './tex';

/** Classes of what the renderer makes beside Markdown's own elements. */
export const FORMULA_CLASS = 'jp-StreamChat-formula';
export const DISPLAY_CLASS = 'jp-StreamChat-displayFormula';
export const OPEN_FORMULA_CLASS = 'jp-StreamChat-openFormula';
const TIGHT_CLASS = 'jp-StreamChat-tight';
const TASK_CLASS = 'jp-StreamChat-task';
const FOOTNOTE_CLASS = 'jp-StreamChat-footnote';
const ALERT_CLASS = 'jp-StreamChat-alert';
const LONG_CELL_CLASS = 'jp-StreamChat-longCell';
const ALERT_TITLE_CLASS = 'jp-StreamChat-alertTitle';

export interface IHtml {
  readonly html: string;
  /** Whether the source holds HTML of its own. */
  readonly hasHtml: boolean;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufeff]/;
const FIRST_LETTER = /\p{L}/u;
const TASK_MARK = /^\s*(?:[-+*]|\d+[.)])\s+\[[xX]\]/;

/** Characters of a cell that may be broken into lines of a word each. */
const SHORT_CELL = 30;

/**
 * Render Markdown.
 *
 * @param hasOpenFormula whether to leave a place for a formula at the end.
 */
export function toHtml(markdown: string, hasOpenFormula = false): IHtml {
  const source = showControls(markdown.replace(/\r\n?/g, '\n'));
  const { formulas } = findMath(source);
  const lexer = new DialectLexer(formulas);
  const tokens = lexer.lex(paint(source, formulas) + (hasOpenFormula ? OPEN_FORMULA : ''));
  const renderer = new DialectRenderer(formulas);
  const extensions = { renderers: renderer.renderers, childTokens: {} };
  const html = new Parser({ ...lexer.options, extensions, renderer }).parse(tokens);
  return { html, hasHtml: renderer.hasHtml };
}

class DialectRenderer extends Renderer {
  constructor(private readonly _formulas: readonly IFormula[]) {
    super();
  }

  hasHtml = false;

  override space(): string {
    return '';
  }

  override html(token: ISummaryToken | Tokens.HTML | Tokens.Tag): string {
    this.hasHtml = true;
    const summary = 'summary' in token ? (token.summary ?? []) : [];
    const text =
      summary.length > 0
        ? token.text.replace(SUMMARY, (_, tag: string) => tag + this.parser.parseInline(summary))
        : token.text;
    return this._restore(text);
  }

  override code({ text, lang }: Tokens.Code): string {
    const language = languageIn(this._restore(lang ?? ''));
    const name = language === '' ? '' : ` class="language-${escape(language)}"`;
    return `<pre><code${name}>${escape(this._restore(text))}</code></pre>`;
  }

  override codespan({ text }: Tokens.Codespan): string {
    return `<code>${escape(this._restore(text))}</code>`;
  }

  override blockquote(token: Tokens.Blockquote): string {
    const { alert, title } = token as IAlertToken;
    const content = this.parser.parse(token.tokens);
    if (alert === undefined) {
      return `<blockquote${directionOf(token.text)}>${content}</blockquote>`;
    }
    const { kind, name, length } = alert;
    const direction = directionOf(alert.title + token.text.slice(length));
    const heading = title
      ? this.parser.parseInline(title)
      : name[0].toUpperCase() + name.slice(1).toLowerCase();
    return (
      `<blockquote class="${ALERT_CLASS} ${ALERT_CLASS}-${kind}"${direction}>` +
      `<p class="${ALERT_TITLE_CLASS}"${title ? ' dir="auto"' : ''}>${heading}</p>${content}</blockquote>`
    );
  }

  override heading({ tokens, depth }: Tokens.Heading): string {
    return `<h${depth} dir="auto">${this.parser.parseInline(tokens)}</h${depth}>`;
  }

  override hr(): string {
    return '<hr>';
  }

  override list({ ordered, start, items, raw, loose }: Tokens.List): string {
    const name = ordered ? 'ol' : 'ul';
    const first = ordered && start !== 1 ? ` start="${start}"` : '';
    const content = items.map(item => this.listitem(item)).join('');
    const tight = loose ? '' : ` class="${TIGHT_CLASS}"`;
    return `<${name}${first}${tight}${directionOf(raw)}>${content}</${name}>`;
  }

  override listitem(item: Tokens.ListItem): string {
    const name = item.task ? ` class="${TASK_CLASS}"` : '';
    // The side of an item's mark is the list's; its paragraphs find their own.
    return `<li${name}>${this.parser.parse(inParagraphs(item.tokens))}</li>`;
  }

  override paragraph({ tokens }: Tokens.Paragraph): string {
    return `<p dir="auto">${this.parser.parseInline(tokens)}</p>`;
  }

  override table(token: Tokens.Table): string {
    const row = (cells: Tokens.TableCell[]) =>
      `<tr>${cells.map(cell => this.tablecell(cell)).join('')}</tr>`;
    const body = token.rows.map(row).join('');
    return (
      `<table${directionOf(token.raw)}><thead>${row(token.header)}</thead>` +
      `${body && `<tbody>${body}</tbody>`}</table>`
    );
  }

  override tablecell({ header, align, tokens, text }: Tokens.TableCell): string {
    const name = header ? 'th' : 'td';
    const side = align ? ` align="${align}"` : ' dir="auto"';
    const long = text.length > SHORT_CELL ? ` class="${LONG_CELL_CLASS}"` : '';
    return `<${name}${side}${long}>${this.parser.parseInline(tokens)}</${name}>`;
  }

  override link(token: Tokens.Link): string {
    return super.link({
      ...token,
      href: this._restore(token.href),
      title: token.title && this._restore(token.title)
    });
  }

  override image({ tokens: _, ...token }: Tokens.Image): string {
    // Without its tokens `marked` takes the description as it is written.
    return super.image({
      ...token,
      href: this._restore(token.href),
      title: token.title && this._restore(token.title),
      text: this._restore(token.text)
    } as Tokens.Image);
  }

  /** How the tokens are rendered that marked does not know. */
  readonly renderers: Readonly<Record<string, (token: Tokens.Generic) => string>> = {
    math: token => this._math(token as unknown as IMathToken),
    openFormula: () => `<span class="${OPEN_FORMULA_CLASS}">\u200b</span>`,
    footnoteRef: ({ label }) => `<sup>[${escape(String(label))}]</sup>`,
    footnote: token => this._footnote(token as unknown as IFootnoteToken)
  };

  private _math({ formula }: IMathToken): string {
    if (!isModest(formula.tex)) {
      return `<code>${escape(formula.source)}</code>`;
    }
    const [open, close] = formula.display ? ['\\[', '\\]'] : ['\\(', '\\)'];
    const classes = formula.display ? `${FORMULA_CLASS} ${DISPLAY_CLASS}` : FORMULA_CLASS;
    return `<span class="${classes}" dir="ltr">${open}${escape(mended(formula.tex))}${close}</span>`;
  }

  private _footnote({ label, tokens }: IFootnoteToken): string {
    const text = this.parser.parseInline(tokens ?? []);
    return `<div class="${FOOTNOTE_CLASS}" dir="auto"><sup>[${escape(label)}]</sup> ${text}</div>`;
  }

  private _restore(text: string): string {
    return restore(text, this._formulas);
  }
}

/**
 * Put an item's text in paragraphs, as a loose list has it: a list that turns out to be loose changes its class, and
 * no text in it is made anew.
 */
function inParagraphs(tokens: Token[]): Token[] {
  const [first, ...others] = tokens;
  if (first?.type === 'checkbox') {
    const [text, ...rest] = inParagraphs(others);
    return text?.type === 'paragraph'
      ? [
          { ...text, tokens: [first, ...((text as Tokens.Paragraph).tokens ?? [])] } as Token,
          ...rest
        ]
      : tokens;
  }
  return tokens.map(token =>
    token.type === 'text' && 'tokens' in token ? ({ ...token, type: 'paragraph' } as Token) : token
  );
}

/** A list, quote or table has its marks at the side where its text begins. */
function directionOf(text: string): string {
  const letter = FIRST_LETTER.exec(text.replace(TASK_MARK, ''))?.[0] ?? '';
  return RIGHT_TO_LEFT.test(letter) ? ' dir="rtl"' : '';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, sign => ENTITIES[sign]);
}
