/**
 * Watches the code of one answer for names that the kernel does not know: marks them, and pauses at the first if the
 * user wants that.
 */
import type { Parser } from '@lezer/common';
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellWriter } from './cellwriter';
import type { Generation } from './generation';
import { type IKnownNames, type IUnknownName, NameCheck } from './namecheck';
import { markNames } from './namemarks';

interface IOptions {
  readonly generation: Generation;
  readonly writer: CellWriter;
  /** The cell on the page. */
  readonly widget: () => Cell | undefined;
  readonly trans: TranslationBundle;
  /** The answer pauses at the first unknown name. */
  readonly stops: boolean;
}

export class NameWatch {
  constructor(private readonly _options: IOptions) {
    const { generation } = _options;
    generation.code.connect((_, code) => this._take(code));
    generation.changed.connect(() => generation.isOver && this._end());
  }

  /** Begin: with what the kernel knows. Code that came before is judged as well. */
  begin(parser: Parser, known: IKnownNames): void {
    this._create = () => new NameCheck(parser, known);
    this._check = this._create();
    this._found(this._check.add(this._code));
    if (this._options.generation.isOver) {
      this._end();
    }
  }

  /** What was found, in a sentence; null: nothing was. */
  get sentence(): string | null {
    const [first] = this._unknown;
    return first ? this._sentence(first) : null;
  }

  /** Show nothing more. */
  end(): void {
    const widget = this._options.widget();
    if (this._unknown.length > 0 && widget) {
      // The editor reports what is typed while it updates itself, and takes no other change then.
      queueMicrotask(() => widget.isDisposed || markNames(widget, []));
    }
    this._unknown = [];
    this._check = null;
  }

  /** Null: another version of the answer begins. */
  private _take(code: string | null): void {
    if (code === null) {
      this.end();
      this._code = '';
      this._check = this._create?.() ?? null;
    } else {
      this._code += code;
      this._found(this._check?.add(code) ?? []);
    }
  }

  private _end(): void {
    this._found(this._check?.end() ?? []);
    this._check = null;
  }

  private _found(names: readonly IUnknownName[]): void {
    const { writer, widget, generation, stops } = this._options;
    // In code that was edited the places are no longer known.
    if (names.length === 0 || writer.isEdited) {
      return;
    }
    const isFirst = this._unknown.length === 0;
    this._unknown = [...this._unknown, ...names];
    const cell = widget();
    if (cell) {
      const { start } = writer.range;
      const marks = this._unknown.map(unknown => ({
        from: start + unknown.from,
        to: start + unknown.to,
        sentence: this._sentence(unknown)
      }));
      markNames(cell, marks);
    }
    if (isFirst && stops && generation.state === 'writing') {
      generation.pause();
    }
  }

  private _sentence({ name, table }: IUnknownName): string {
    const { trans } = this._options;
    return table === null
      ? trans.__('The kernel does not know %1.', name)
      : trans.__('%1 has no column "%2".', table, name);
  }

  private _create: (() => NameCheck) | null = null;
  private _check: NameCheck | null = null;
  private _code = '';
  private _unknown: readonly IUnknownName[] = [];
}
