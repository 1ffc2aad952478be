import { isLanguage } from './codelanguages';

const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\s`{]*)/;

/** Beginnings of a line that are code in most languages of notebooks and no sentence. */
const CODE_LINE =
  /^(?:[%!@#]|(?:import|from|def|class|for|while|if|with|return|try|async|await|const|let|var|function|library|using|package|SELECT)\b.*[\w)\]}:;,'"*]$|[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*(?:=|<-|\+=|\()|[})\]])/;

/**
 * Takes the code out of an answer while it streams: the lines of its fenced blocks, without the fences and the prose.
 *
 * An answer without a fence is code if its first line reads as code, else prose. Cost is linear in the text.
 */
export class CodeFilter {
  private _line = '';
  private _state: 'undecided' | 'prose' | 'code' | 'bare' | 'skipped' = 'undecided';
  private _fence = '';
  private _indent = 0;
  private _emitted = 0;
  private _hasBlock = false;

  /** `language` is the kernel's, in lower case; blocks of other languages are left out. */
  constructor(private readonly _language: string) {}

  /** Whether any code has come. */
  get hasCode(): boolean {
    return this._emitted > 0;
  }

  /** Take a piece of the answer; return the code to append. */
  add(text: string): string {
    let code = '';
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      code += this._complete(this._line + text.slice(start, end));
      this._line = '';
      start = end + 1;
    }
    this._line += text.slice(start);
    code += this._early();
    return code;
  }

  /** The answer has ended, for now: return the code that still waited. More may be added to it. */
  end(): string {
    const line = this._line;
    if (line === '') {
      return '';
    }
    const wasCode = this._state === 'code';
    const code = this._complete(line, true);
    const isOpen = this._state === 'bare' || (wasCode && this._state === 'code');
    this._line = isOpen ? line : '';
    this._shown = isOpen ? this._unindented(line).length : 0;
    return code;
  }

  /** Take a whole line, without its line break. */
  private _complete(line: string, isLast = false): string {
    const fence = FENCE.exec(line);
    if (this._state === 'code' || this._state === 'skipped') {
      if (
        fence &&
        fence[2].startsWith(this._fence) &&
        fence[3] === '' &&
        line.trim() === fence[2]
      ) {
        this._state = 'prose';
        this._shown = 0;
        return '';
      }
      return this._state === 'code' ? this._append(this._unindented(line)) : '';
    }
    if (fence && this._state !== 'bare') {
      this._fence = fence[2];
      this._indent = fence[1].length;
      this._state = isLanguage(fence[3], this._language) ? 'code' : 'skipped';
      this._separator = this._state === 'code' && this._hasBlock ? '\n\n' : '';
      this._hasBlock ||= this._state === 'code';
      this._opened = this._state === 'code';
      return '';
    }
    if (this._state === 'undecided' && line.trim() !== '') {
      this._state = CODE_LINE.test(line.trimEnd()) ? 'bare' : 'prose';
      this._opened = this._state === 'bare';
    }
    return this._state === 'bare' && !(isLast && line === '') ? this._append(line) : '';
  }

  private _separator = '';
  private _opened = false;
  /** Characters of the open line that were returned already. */
  private _shown = 0;

  /** Return a line of code, after the break that parts it from the one before. */
  private _append(line: string): string {
    const rest = line.slice(this._shown);
    const lead = this._shown > 0 ? '' : this._lead();
    this._shown = 0;
    this._emitted += rest.length + lead.length;
    return lead + rest;
  }

  private _lead(): string {
    if (this._opened) {
      this._opened = false;
      return this._separator;
    }
    return '\n';
  }

  /** Return what can be shown of the line that is still open: all of it, unless it may become a fence. */
  private _early(): string {
    if (this._state !== 'code' && this._state !== 'bare') {
      return '';
    }
    const line = this._unindented(this._line);
    if (
      line.length <= this._shown ||
      /^ {0,3}(?:`{1,}|~{1,})?\s*$/.test(this._line) ||
      FENCE.test(this._line)
    ) {
      return '';
    }
    const lead = this._shown > 0 ? '' : this._lead();
    const rest = line.slice(this._shown);
    this._shown = line.length;
    this._emitted += lead.length + rest.length;
    return lead + rest;
  }

  private _unindented(line: string): string {
    return line.slice(Math.min(this._indent, line.length - line.trimStart().length));
  }
}
