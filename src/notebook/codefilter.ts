import { type ICellMagic, isLanguage, isMagicLanguage } from './codelanguages';

/** A fence, indented as far as the list is that it stands in. Backticks that are closed in their line are no fence. */
const FENCE = /^([ \t]*)(`{3,}(?!.*`)|~{3,})[ \t]*([^\s`{]*)/;

/** Spaces by which a closing fence may be indented more than its opening one. */
const MORE_INDENT = 3;

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
  private _indent = '';
  private _emitted = 0;
  private _hasBlock = false;

  /**
   * @param _language - the kernel's, in lower case; blocks of other languages are left out.
   * @param _magic - of the cell that is changed: blocks of its language are code too, and begin with it.
   */
  constructor(
    private readonly _language: string,
    private readonly _magic: ICellMagic | null = null
  ) {}

  /** Whether any code has come. */
  get hasCode(): boolean {
    return this._emitted > 0;
  }

  /** Take a piece of the answer; return the code to append. */
  add(text: string): string {
    let code = '';
    let start = 0;
    const piece = this._withoutReturns(text);
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
      code += this._complete(this._line + piece.slice(start, end));
      this._line = '';
      start = end + 1;
    }
    const open = piece.slice(start);
    this._line += open;
    return code + this._early(open);
  }

  /** A cell's editor counts one unit for each line break, its model every character: none but line feeds may get there. */
  private _withoutReturns(text: string): string {
    const whole = this._hasReturn ? `\r${text}` : text;
    this._hasReturn = whole.endsWith('\r');
    return (this._hasReturn ? whole.slice(0, -1) : whole).replace(/\r\n?/g, '\n');
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
      if (this._closes(fence, line)) {
        this._state = 'prose';
        this._shown = 0;
        return '';
      }
      return this._state === 'code' ? this._append(this._unindented(line)) : '';
    }
    if (fence && this._state !== 'bare') {
      this._fence = fence[2];
      this._indent = fence[1];
      const isOfMagic = this._magic !== null && isMagicLanguage(fence[3], this._magic);
      this._state = isOfMagic || isLanguage(fence[3], this._language) ? 'code' : 'skipped';
      this._needsMagic = isOfMagic && !this._hasBlock;
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

  private _closes(fence: RegExpExecArray | null, line: string): boolean {
    return (
      fence !== null &&
      fence[2].startsWith(this._fence) &&
      line.trim() === fence[2] &&
      fence[1].length <= this._indent.length + MORE_INDENT
    );
  }

  /** The block is in the language of the cell magic, which comes first. */
  private _needsMagic = false;
  private _separator = '';
  private _opened = false;
  /** The text so far ended with a carriage return, which may be half of a line break. */
  private _hasReturn = false;
  /** Characters of the open line that were returned already. */
  private _shown = 0;

  /** Return a line of code, after the break that parts it from the one before. */
  private _append(line: string): string {
    const rest = line.slice(this._shown);
    const lead = this._shown > 0 ? '' : this._lead(line);
    this._shown = 0;
    this._emitted += rest.length + lead.length;
    return lead + rest;
  }

  /** What comes before a line: a line break, or what a block begins with. */
  private _lead(line: string): string {
    if (!this._opened) {
      return '\n';
    }
    this._opened = false;
    const magic = this._needsMagic && !line.startsWith('%%') ? `${this._magic?.line}\n` : '';
    this._needsMagic = false;
    return this._separator + magic;
  }

  /** Whether it is not clear yet if a block begins with the cell magic. */
  private _isPartOfMagic(line: string): boolean {
    return this._needsMagic && line === '%';
  }

  /**
   * Return what can be shown of the line that is still open: all of it, unless it may become a fence.
   *
   * @param added - what has just come of it.
   */
  private _early(added: string): string {
    if (this._state !== 'code' && this._state !== 'bare') {
      return '';
    }
    if (this._shown > 0) {
      // No fence: what the line begins with is known. It may be long, and is not read again.
      return this._show('', added);
    }
    if (/^[ \t]*(?:`+|~+)?\s*$/.test(this._line) || FENCE.test(this._line)) {
      return '';
    }
    const line = this._unindented(this._line);
    return this._isPartOfMagic(line) ? '' : this._show(this._lead(line), line);
  }

  private _show(lead: string, text: string): string {
    this._shown += text.length;
    this._emitted += lead.length + text.length;
    return lead + text;
  }

  /** The line without the indentation that it has in common with its fence. */
  private _unindented(line: string): string {
    let same = 0;
    while (same < this._indent.length && line[same] === this._indent[same]) {
      same += 1;
    }
    return line.slice(same);
  }
}
