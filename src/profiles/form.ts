/**
 * One profile while it is written: what is typed, what is wrong with it, and saving it.
 *
 * The key is kept apart from the other fields, in memory only, and forgotten as soon as it is saved.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CommandError } from '../connection/connection';
import { lookUp } from '../i18n/lookup';
import { newId } from '../protocol/ids';
import type { Asked, IProfileValues, ISaved, ProfileApi } from './api';
import {
  hostOf,
  isThisMachine,
  isSame,
  timeoutField,
  newProfileId,
  parameterField,
  Typed,
  typedOf,
  valuesOf
} from './fields';
import type { ErrorInfo, ProviderInfo } from '../protocol/generated';

/** What becomes of the profile's key: the kept one stays, a typed one is saved, none is left. */
export type KeyChoice = 'keep' | 'type' | 'remove';

/** Milliseconds without a keystroke until what is typed is checked. */
const CHECK_DELAY = 300;

interface IOptions {
  api: ProfileApi;
  provider: ProviderInfo;
  /** What the fields show at first. */
  values?: Partial<IProfileValues>;
  /** The stored profile that is changed; absent: a new one is made. */
  profileId?: string;
  /** The server keeps a key of the stored profile. */
  hasKey?: boolean;
  /** Identifiers that a new profile cannot have. */
  taken?: readonly string[];
}

export class ProfileForm implements IDisposable {
  constructor({ api, provider, values, profileId, hasKey, taken }: IOptions) {
    this._api = api;
    this.provider = provider;
    this.profileId = profileId ?? null;
    this.hasKey = hasKey ?? false;
    this._taken = new Set(taken);
    this._original = { label: provider.label, ...values, provider: provider.provider };
    this._typed = typedOf(this._original);
    this._key = this.hasKey ? 'keep' : 'type';
    if (this.profileId !== null) {
      // What is wrong with a profile that was saved once is worth saying at once.
      this._isAllShown = true;
      void this._check();
    }
  }

  /** Tells forms apart. */
  readonly formId = newId();
  readonly provider: ProviderInfo;
  readonly profileId: string | null;
  /** The server keeps a key of the profile as it is stored. */
  readonly hasKey: boolean;

  /** What is typed, found or under way changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Something is typed that would be lost. */
  get isDirty(): boolean {
    const isTyped = !isSame(this._typed, typedOf(this._original));
    return isTyped || this._keyText !== '' || this._key === 'remove';
  }

  // --- fields ---------------------------------------------------------------------------------------

  /** Every field of the form but the key, in its order. */
  get fields(): readonly string[] {
    const { fields, parameters, timeouts } = this.provider;
    return [
      'label',
      ...fields.map(({ name }) => name),
      'streaming',
      ...parameters.map(parameterField),
      ...Object.keys(timeouts).map(timeoutField),
      'on_repetition'
    ];
  }

  /** What the provider calls a field of its own. */
  labelOf(field: string): string | undefined {
    return this.provider.fields.find(({ name }) => name === field)?.label ?? undefined;
  }

  text(field: string): string {
    return this._typed.get(field) ?? '';
  }

  /** Take over what is typed into a field; it is checked once no key was pressed for a moment. */
  set(field: string, text: string): void {
    this._typed = new Map([...this._typed, [field, text]]);
    this._touched.add(field);
    this._checkSoon();
  }

  /** A field was left: from now on it is said what it lacks. */
  leave(field: string): void {
    if (!this._touched.has(field)) {
      this._touched.add(field);
      this._checkSoon();
    }
  }

  /** Fill in what a preset knows; a name that was typed stays. Empty: none of them. */
  choosePreset(presetId: string): void {
    const preset = this.provider.presets.find(({ id }) => id === presetId);
    const label = this._touched.has('label') ? {} : { label: preset?.label ?? this.provider.label };
    const known = typedOf({ ...label, preset: presetId, ...preset?.values });
    this._typed = new Map([...this._typed, ...known]);
    this._checkSoon();
  }

  /** Take what was typed into the form of another provider, as far as this one has it. */
  takeOver(other: ProfileForm): void {
    for (const field of other._touched) {
      if (this.fields.includes(field)) {
        this.set(field, other.text(field));
      }
    }
  }

  // --- the key --------------------------------------------------------------------------------------

  get key(): KeyChoice {
    return this._key;
  }

  /** What is typed of a new key. */
  get keyText(): string {
    return this._keyText;
  }

  chooseKey(choice: KeyChoice): void {
    this._key = choice;
    this._keyText = '';
    this._checkSoon();
  }

  typeKey(text: string): void {
    this._keyText = text;
    this._touched.add('api_key');
    this._checkSoon();
  }

  /** The provider takes keys, and none is kept, typed or named. */
  get lacksKey(): boolean {
    const takesKey = this.provider.fields.some(({ kind }) => kind === 'key');
    const isLocal = isThisMachine(hostOf(this.text('base_url')));
    const hasKey = this._key === 'keep' || this._keyText !== '' || !!this.text('api_key_env');
    return takesKey && !isLocal && !hasKey;
  }

  /** The kept key will not go to the host that is typed now: saving drops it. */
  get dropsKey(): boolean {
    const addresses = this.provider.fields.filter(({ kind }) => kind === 'url');
    const isElsewhere = addresses.some(
      ({ name }) => hostOf(lookUp(this._original, name)) !== hostOf(this.text(name))
    );
    return this._key === 'keep' && isElsewhere;
  }

  // --- problems -------------------------------------------------------------------------------------

  /** What is wrong with a field that somebody typed into or left; after a failed save, with any. */
  problem(field: string): ErrorInfo | null {
    const found = this._problems.find(problem => problem.field === field);
    return found && (this._isAllShown || this._touched.has(field)) ? found : null;
  }

  /** What is wrong and belongs to no field of the form. */
  get error(): ErrorInfo | null {
    const elsewhere = this._problems.find(({ field }) => !this.fields.includes(field ?? ''));
    return this._error ?? (this._isAllShown ? (elsewhere ?? null) : null);
  }

  /** The first field that keeps this from being saved. */
  get firstWrong(): string | null {
    return this.fields.find(field => this.problem(field) !== null) ?? null;
  }

  // --- what it stands for ---------------------------------------------------------------------------

  /** The profile as it is typed now. */
  get values(): IProfileValues {
    const id =
      this.profileId ?? newProfileId(this.text('label'), this.provider.provider, this._taken);
    return { ...valuesOf(this._typed, this._original), id, ...this._keyValue };
  }

  /** The same, with the name of the stored profile whose key may be used. */
  get asked(): Asked {
    const { profileId, values } = this;
    return profileId === null ? values : { ...values, profile_id: profileId };
  }

  private get _keyValue(): { api_key?: string | null } {
    if (this._key === 'remove') {
      return { api_key: null };
    }
    return this._key === 'type' && this._keyText ? { api_key: this._keyText } : {};
  }

  // --- saving ---------------------------------------------------------------------------------------

  get isSaving(): boolean {
    return this._isSaving;
  }

  /**
   * Save the profile, when nothing is wrong with it.
   *
   * @returns what the server made of it; null: it says what is wrong, and all that is typed stays.
   */
  async save(): Promise<ISaved | null> {
    if (this._isSaving) {
      return null;
    }
    this._isSaving = this._isAllShown = true;
    this._error = null;
    this._changed.emit();
    try {
      this._problems = await this._api.check(this.asked);
      return this._problems.length > 0 ? null : await this._store();
    } catch (error) {
      this._refused(error);
      return null;
    } finally {
      this._isSaving = false;
      this._changed.emit();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._keyText = '';
    window.clearTimeout(this._timer);
    this._checking?.abort();
    Signal.clearData(this);
  }

  private async _store(): Promise<ISaved> {
    const { profileId, values } = this;
    const saved = await (profileId === null
      ? this._api.add(values)
      : this._api.replace(profileId, values));
    this._keyText = '';
    return saved;
  }

  private _refused(error: unknown): void {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    if (this.fields.includes(error.info.field ?? '')) {
      this._problems = [error.info];
    } else {
      this._error = error.info;
    }
  }

  // --- checking -------------------------------------------------------------------------------------

  private _checkSoon(): void {
    this._error = null;
    this._changed.emit();
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._check(), CHECK_DELAY);
  }

  /** Ask the server what is wrong. The answer about texts that have changed since is ignored. */
  private async _check(): Promise<void> {
    this._checking?.abort();
    const { signal } = (this._checking = new AbortController());
    try {
      const problems = await this._api.check(this.asked, signal);
      if (!signal.aborted) {
        this._problems = problems;
        this._changed.emit();
      }
    } catch (error) {
      // Nobody waits for this check: saving will say what is wrong.
      if (!signal.aborted) {
        console.warn('jupyter-stream-chat: the profile was not checked', error);
      }
    }
  }

  private readonly _api: ProfileApi;
  private readonly _taken: ReadonlySet<string>;
  private readonly _original: IProfileValues;
  private _typed: Typed;
  private readonly _touched = new Set<string>();
  private _key: KeyChoice;
  private _keyText = '';
  private _problems: readonly ErrorInfo[] = [];
  private _error: ErrorInfo | null = null;
  private _isAllShown = false;
  private _isSaving = false;
  private _isDisposed = false;
  private _timer: number | undefined;
  private _checking: AbortController | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
