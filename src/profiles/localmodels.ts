/**
 * The local models as the panel shows them: asked for again and again while they are in view.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CommandError } from '../connection/connection';
import type { ErrorInfo } from '../protocol/generated';
import type { ILocalModel, IModelDownload, IModels, ModelAction, ModelsApi } from './modelsapi';

/** Milliseconds between two requests while a download runs, and else. */
const SOON = 500;
const LATER = 3000;

/** A model with its download, where there is one that is not done. */
export interface IModelLine {
  readonly model: ILocalModel;
  readonly download?: IModelDownload;
}

/** What happened last, and to which model. */
export interface IModelNews {
  readonly what: 'downloaded' | 'failed' | 'stopped' | 'unloaded' | 'deleted' | 'released';
  readonly model: string;
}

const NEWS = { stop: 'stopped', unload: 'unloaded', delete: 'deleted' } as const;

export class LocalModels implements IDisposable {
  constructor(private readonly _api: ModelsApi) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the server told last; null: nothing yet. */
  get answer(): IModels | null {
    return this._answer;
  }

  /** Models and downloads, by name. */
  get lines(): readonly IModelLine[] {
    const { models = [], downloads = [] } = this._answer ?? {};
    const open = downloads.filter(({ state }) => state !== 'done');
    const others = open.filter(({ model }) => models.every(each => each.model !== model));
    const lines: IModelLine[] = [
      ...models.map(model => ({ model, download: open.find(each => each.model === model.model) })),
      ...others.map(download => ({ model: unknown(download.model), download }))
    ];
    return lines.sort((a, b) => a.model.model.localeCompare(b.model.model));
  }

  /** The model that was asked about last. */
  get inspected(): ILocalModel | null {
    return this._inspected;
  }

  get isInspecting(): boolean {
    return this._inspecting !== null;
  }

  /** Why the last inspection failed. */
  get inspectionError(): ErrorInfo | null {
    return this._inspectionError;
  }

  /** Why the last action, or the last request for the list, failed. */
  get error(): ErrorInfo | null {
    return this._error ?? this._listError;
  }

  get news(): IModelNews | null {
    return this._news;
  }

  /** An action with this model is under way. */
  isBusy(model: string): boolean {
    return this._busy.has(model);
  }

  /** Ask for the list now, and then again and again. */
  async refresh(): Promise<void> {
    window.clearTimeout(this._timer);
    this._asking?.abort();
    const { signal } = (this._asking = new AbortController());
    const found = await this._try(() => this._api.list(signal), signal);
    if (signal.aborted) {
      return;
    }
    this._listError = found.error;
    if (found.value) {
      this._take(found.value);
    }
    const isRunning = this._answer?.downloads.some(({ state }) => state === 'running');
    this._timer = window.setTimeout(() => void this.refresh(), isRunning ? SOON : LATER);
    this._changed.emit();
  }

  /** Ask how large a model is, and whether it fits. */
  async inspect(model: string): Promise<void> {
    this._inspecting?.abort();
    const { signal } = (this._inspecting = new AbortController());
    this._inspected = this._inspectionError = null;
    this._changed.emit();
    const found = await this._try(() => this._api.inspect(model, signal), signal);
    if (!signal.aborted) {
      this._inspected = found.value;
      this._inspectionError = found.error;
      this._inspecting = null;
      this._changed.emit();
    }
  }

  /** Do something with a model; true: it is done. */
  async act(action: ModelAction, model: string): Promise<boolean> {
    if (this._busy.has(model)) {
      return false;
    }
    this._busy.add(model);
    this._news = null;
    this._changed.emit();
    const { error } = await this._try(() => this._api.act(action, model));
    this._busy.delete(model);
    this._error = error;
    if (!error) {
      this._news = action === 'download' ? null : { what: NEWS[action], model };
      this._inspected = null;
    }
    await this._refreshUnlessDisposed();
    return error === null;
  }

  /** Give back the memory that local models do not use now. */
  async release(): Promise<void> {
    const { error } = await this._try(() => this._api.release());
    this._error = error;
    this._news = error ? null : { what: 'released', model: '' };
    await this._refreshUnlessDisposed();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._asking?.abort();
    this._inspecting?.abort();
    Signal.clearData(this);
  }

  private async _refreshUnlessDisposed(): Promise<void> {
    if (!this._isDisposed) {
      this._changed.emit();
      await this.refresh();
    }
  }

  /** Take the list; a download that ran before and has ended since is news. */
  private _take(answer: IModels): void {
    const before = this._answer?.downloads ?? [];
    this._answer = answer;
    for (const { model, state } of answer.downloads) {
      const hasRun = before.some(each => each.model === model && each.state === 'running');
      if (hasRun && (state === 'done' || state === 'failed')) {
        this._news = { what: state === 'done' ? 'downloaded' : 'failed', model };
      }
    }
  }

  private async _try<T>(
    work: () => Promise<T>,
    signal?: AbortSignal
  ): Promise<{ value: T | null; error: ErrorInfo | null }> {
    try {
      return { value: await work(), error: null };
    } catch (error) {
      if (signal?.aborted) {
        return { value: null, error: null };
      }
      if (!(error instanceof CommandError)) {
        throw error;
      }
      return { value: null, error: error.info };
    }
  }

  private _answer: IModels | null = null;
  private _inspected: ILocalModel | null = null;
  private _inspecting: AbortController | null = null;
  private _inspectionError: ErrorInfo | null = null;
  private _error: ErrorInfo | null = null;
  private _listError: ErrorInfo | null = null;
  private _news: IModelNews | null = null;
  private readonly _busy = new Set<string>();
  private _asking: AbortController | null = null;
  private _timer: number | undefined;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** A model of which nothing has come. */
function unknown(model: string): ILocalModel {
  return { model, is_folder: false, is_complete: false, disk_bytes: 0, used_by: [] };
}
