/**
 * What a profile's form finds out by asking the provider: its models, one answer, the doctor's steps.
 *
 * Each is asked for by the user, one at a time, and is given up when the form is left.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CommandError } from '../connection/connection';
import type { Asked, ProfileApi } from './api';
import type { DoctorStep, ErrorInfo } from '../protocol/generated';

/** What is asked for. */
export type Inquiry = 'models' | 'answer' | 'doctor';

export class ProfileTrial implements IDisposable {
  /**
   * @param values - the profile as it is typed when something is asked.
   */
  constructor(
    private readonly _api: ProfileApi,
    private readonly _values: () => Asked
  ) {}

  /** Something was asked, or found. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is being asked for now. */
  get running(): Inquiry | null {
    return this._running;
  }

  /** Models that the endpoint offers; null: not asked yet. */
  get models(): readonly string[] | null {
    return this._models;
  }

  /** What the model answered, and after how many milliseconds. */
  get answer(): { text: string; ms: number } | null {
    return this._answer;
  }

  /** Steps of the doctor that have ended. */
  get steps(): readonly DoctorStep[] {
    return this._steps;
  }

  /** Why an inquiry failed. */
  error(inquiry: Inquiry): ErrorInfo | null {
    return this._error?.inquiry === inquiry ? this._error.info : null;
  }

  async findModels(): Promise<void> {
    await this._ask(
      'models',
      signal => this._api.models(this._values(), signal),
      models => (this._models = models)
    );
  }

  async try(): Promise<void> {
    this._answer = null;
    await this._ask(
      'answer',
      signal => this._api.try(this._values(), signal),
      answer => (this._answer = answer)
    );
  }

  async examine(): Promise<void> {
    this._steps = [];
    const onStep = (step: DoctorStep) => {
      this._steps = [...this._steps, step];
      this._changed.emit();
    };
    await this._ask('doctor', signal => this._api.doctor(this._values(), onStep, signal));
  }

  /** Forget what earlier questions found out about the deployment. */
  async forget(): Promise<void> {
    await this._ask(
      'doctor',
      signal => this._api.forget(this._values(), signal),
      found => (this._steps = this._steps.map(step => (step.name === found.name ? found : step)))
    );
  }

  /** Ask no further. */
  cancel(): void {
    this._asking?.abort();
    this._asking = null;
    this._running = null;
    this._changed.emit();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._asking?.abort();
    Signal.clearData(this);
  }

  private async _ask<T>(
    inquiry: Inquiry,
    work: (signal: AbortSignal) => Promise<T>,
    take?: (found: T) => void
  ): Promise<void> {
    this._asking?.abort();
    const { signal } = (this._asking = new AbortController());
    this._running = inquiry;
    this._error = null;
    this._changed.emit();
    try {
      const found = await work(signal);
      if (!signal.aborted) {
        take?.(found);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!(error instanceof CommandError)) {
        throw error;
      }
      this._error = { inquiry, info: error.info };
    } finally {
      if (!signal.aborted) {
        this._running = null;
        this._changed.emit();
      }
    }
  }

  private _running: Inquiry | null = null;
  private _models: readonly string[] | null = null;
  private _answer: { text: string; ms: number } | null = null;
  private _steps: readonly DoctorStep[] = [];
  private _error: { inquiry: Inquiry; info: ErrorInfo } | null = null;
  private _asking: AbortController | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
