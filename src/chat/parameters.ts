/**
 * The parameters of one chat while they are typed: checked as typed, and the chat's own as soon as they are right.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import type { ChatModel } from './chat';
import { CommandError } from '../connection/connection';
import { ParameterText, parameterText, parameterValues } from '../profiles/parameters';
import type { ProfileApi } from '../profiles/api';
import { parameterField } from '../profiles/fields';
import type { ErrorInfo, Parameters } from '../protocol/generated';

/** Milliseconds without a keystroke until what is typed is checked. */
const CHECK_DELAY = 300;

export class ChatParameters implements IDisposable {
  constructor(
    private readonly _chat: ChatModel,
    private readonly _api: ProfileApi
  ) {
    this._typed = typedOf(_chat.parameters);
    this._asked = parameterValues(this._typed);
  }

  /** What is typed, or what is wrong with it, changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Some parameter is the chat's own. */
  get isSet(): boolean {
    return [...this._typed.values()].some(text => text);
  }

  text(name: string): string {
    return this._typed.get(name) ?? '';
  }

  /** Why what is typed could not be checked. */
  get error(): ErrorInfo | null {
    return this._error;
  }

  problem(name: string): ErrorInfo | null {
    return this._problems.find(({ field }) => field === parameterField(name)) ?? null;
  }

  set(name: string, text: string): void {
    this._typed = new Map([...this._typed, [name, text]]);
    this._changed.emit();
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.commit(), CHECK_DELAY);
  }

  /** Let the profile's values hold again. */
  clear(): void {
    this._typed = new Map();
    void this.commit();
  }

  /** Take over what is typed now, if nothing is wrong with it. */
  async commit(): Promise<void> {
    window.clearTimeout(this._timer);
    const parameters = parameterValues(this._typed);
    if (JSON.stringify(parameters) === JSON.stringify(this._asked)) {
      return;
    }
    this._asked = parameters;
    this._error = null;
    try {
      const problems = await this._check(parameters);
      if (this._asked === parameters) {
        this._problems = problems;
        if (problems.length === 0) {
          this._chat.setParameters(parameters);
        }
      }
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      this._error = error.info;
      this._asked = null;
    }
    this._changed.emit();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** A profile is checked as a whole: what is said of other fields than parameters is not meant for a chat. */
  private async _check(parameters: Parameters): Promise<ErrorInfo[]> {
    const provider = this._chat.profile?.provider;
    const problems = await this._api.check({ provider, parameters: { ...parameters } });
    return problems.filter(({ field }) => field?.startsWith(parameterField('')));
  }

  private _typed: ParameterText;
  /** What was checked last, or is being checked. */
  private _asked: Parameters | null;
  private _error: ErrorInfo | null = null;
  private _problems: readonly ErrorInfo[] = [];
  private _timer: number | undefined;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

function typedOf(parameters: Parameters): ParameterText {
  return new Map(Object.entries(parameters).map(([name, value]) => [name, parameterText(value)]));
}
