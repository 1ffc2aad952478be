/**
 * The REST routes about profiles, typed. Holds no state: what is typed and found is `ProfileForm`'s.
 */
import type { ServerConnection } from '@jupyterlab/services';
import { request } from '../connection/rest';
import { checkSocket } from '../connection/socketcheck';
import type {
  DoctorStep,
  ErrorInfo,
  ProfileInfo,
  ProviderInfo,
  StreamingMode
} from '../protocol/generated';
import { ModelsApi } from './modelsapi';

/** What a profile is made of, as the server takes it and gives it (without its key). */
export interface IProfileValues {
  id?: string;
  label?: string;
  provider: string;
  streaming?: StreamingMode | null;
  parameters?: Record<string, unknown>;
  /** Write-only; absent: the kept key stays, null: it is dropped. */
  api_key?: string | null;
  [field: string]: unknown;
}

/** What a question is about: values as they are typed, a stored profile, or both (then its kept key is used). */
export type Asked = Partial<IProfileValues> & { profile_id?: string };

export interface ISaved {
  profile: ProfileInfo;
  /** The address has another host than before: the kept key does not go there. */
  key_dropped?: boolean;
}

export class ProfileApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {
    this.localModels = new ModelsApi(_settings);
  }

  /** The routes about local models. */
  readonly localModels: ModelsApi;

  /** What the form of each provider has. */
  async providers(): Promise<ProviderInfo[]> {
    return (await this._json<{ providers: ProviderInfo[] }>('GET', 'providers')).providers;
  }

  /** The values of a stored profile; undefined for one that a page cannot change. */
  async values(profileId: string): Promise<IProfileValues | undefined> {
    const path = `profiles/${encodeURIComponent(profileId)}`;
    return (await this._json<{ values?: IProfileValues }>('GET', path)).values;
  }

  async add(values: IProfileValues): Promise<ISaved> {
    return this._json('POST', 'profiles', values);
  }

  async replace(profileId: string, values: IProfileValues): Promise<ISaved> {
    return this._json('PUT', `profiles/${encodeURIComponent(profileId)}`, values);
  }

  async remove(profileId: string): Promise<void> {
    await this._json('DELETE', `profiles/${encodeURIComponent(profileId)}`);
  }

  async makeDefault(profileId: string): Promise<void> {
    await this._json('PUT', 'default-profile', { profile_id: profileId });
  }

  /** All that is wrong with values, without asking the provider. */
  async check(values: Asked, signal?: AbortSignal): Promise<ErrorInfo[]> {
    const path = 'profiles/check';
    return (await this._json<{ problems: ErrorInfo[] }>('POST', path, values, signal)).problems;
  }

  /** The models that the endpoint says it has. */
  async models(values: Asked, signal?: AbortSignal): Promise<string[]> {
    const path = 'profiles/models';
    return (await this._json<{ models: string[] }>('POST', path, values, signal)).models;
  }

  /** Ask the model one short question. */
  async try(values: Asked, signal?: AbortSignal): Promise<{ text: string; ms: number }> {
    return this._json('POST', 'profiles/try', values, signal);
  }

  /** Examine a profile end to end, and the way to this page last; each step is told as it ends. */
  async doctor(
    values: Asked,
    onStep: (step: DoctorStep) => void,
    signal?: AbortSignal
  ): Promise<void> {
    const body = JSON.stringify(examined(values));
    const response = await request(this._settings, 'doctor', { method: 'POST', body, signal });
    for await (const line of lines(response)) {
      onStep(JSON.parse(line) as DoctorStep);
    }
    onStep(await checkSocket(this._settings, signal));
  }

  /** Forget what earlier questions found out about a profile's deployment; what the doctor finds then. */
  async forget(values: Asked, signal?: AbortSignal): Promise<DoctorStep> {
    const path = 'deployments/forget';
    return (await this._json<{ step: DoctorStep }>('POST', path, examined(values), signal)).step;
  }

  private async _json<T>(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal
  ): Promise<T> {
    const init = { method, body: body && JSON.stringify(body), signal };
    return (await (await request(this._settings, path, init)).json()) as T;
  }
}

/** How the doctor is told of which profile: values as they are typed, or a stored one. */
function examined(values: Asked): object {
  return 'provider' in values ? { values } : { profile_id: values.profile_id };
}

/** The lines of a response's body, each as soon as it is whole. */
async function* lines(response: Response): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let held = '';
  while (reader) {
    const { done, value } = await reader.read();
    held += decoder.decode(value, { stream: !done });
    const parts = held.split('\n');
    held = done ? '' : (parts.pop() ?? '');
    for (const line of parts.filter(part => part.trim() !== '')) {
      yield line;
    }
    if (done) {
      return;
    }
  }
}
