/**
 * The REST routes about local models, typed. Sizes are in bytes.
 */
import type { ServerConnection } from '@jupyterlab/services';
import { request } from '../connection/rest';
import type { ErrorInfo } from '../protocol/generated';

export type Fit = 'fits' | 'tight' | 'does_not_fit';

/** What of a model is in the engine's memory. */
export interface ILoadedModel {
  readonly device: string;
  /** Of its weights. */
  readonly bytes: number;
  /** Of what its chats take. */
  readonly cache_bytes: number;
  /** Answers that it writes now. */
  readonly running: number;
}

export interface ILocalModel {
  /** Hub id or folder. */
  readonly model: string;
  readonly is_folder: boolean;
  readonly is_complete: boolean;
  readonly disk_bytes: number;
  /** What is still to be downloaded, where the hub was asked. */
  readonly download_bytes?: number;
  readonly parameters?: number;
  readonly memory_bytes?: number;
  readonly fit?: Fit;
  readonly loaded?: ILoadedModel;
  /** Labels of the profiles that name it. */
  readonly used_by: readonly string[];
}

export interface IModelDownload {
  readonly model: string;
  readonly state: 'running' | 'stopped' | 'failed' | 'done';
  readonly received_bytes: number;
  readonly total_bytes?: number;
  readonly bytes_per_second?: number;
  readonly seconds_left?: number;
  readonly error?: ErrorInfo;
}

/** Memory that was given back because another program needed it. */
export interface IFreedMemory {
  readonly what: 'caches' | 'model';
  readonly model: string;
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly at: number;
}

export interface IModels {
  readonly models: readonly ILocalModel[];
  readonly downloads: readonly IModelDownload[];
  readonly freed: readonly IFreedMemory[];
  readonly device: string;
  readonly free_bytes?: number;
  readonly total_bytes?: number;
  /** Pages cannot download, unload or delete any. */
  readonly is_locked: boolean;
}

/** What can be done with a model by its name. */
export type ModelAction = 'download' | 'stop' | 'unload' | 'delete';

/** All methods throw CommandError when the server refuses, or cannot be reached. */
export class ModelsApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  async list(signal?: AbortSignal): Promise<IModels> {
    return (await (await request(this._settings, 'models', { signal })).json()) as IModels;
  }

  /** Sizes of a model by hub id or folder, and whether it fits; loads and downloads nothing. */
  async inspect(model: string, signal?: AbortSignal): Promise<ILocalModel> {
    const response = await this._post('inspect', { model }, signal);
    return (await response.json()) as ILocalModel;
  }

  async act(action: ModelAction, model: string): Promise<void> {
    await this._post(action, { model });
  }

  /** Give back the memory that local models do not use now. */
  async release(): Promise<void> {
    await this._post('release', {});
  }

  private _post(action: string, body: object, signal?: AbortSignal): Promise<Response> {
    const init = { method: 'POST', body: JSON.stringify(body), signal };
    return request(this._settings, `models/${action}`, init);
  }
}
