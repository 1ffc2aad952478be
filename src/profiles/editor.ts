/**
 * Profiles in the panel: whether they are shown, which one is written, and what is done with one.
 *
 * What is typed lives here and in `ProfileForm`, not on the page: it stays while the panel shows something else.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CommandError } from '../connection/connection';
import type { IProfileValues, ProfileApi } from './api';
import { ProfileForm } from './form';
import { LocalModels } from './localmodels';
import { ProfileTrial } from './trial';
import type { ErrorInfo, ProfileInfo, ProviderInfo } from '../protocol/generated';

/** What is open over the chat: profiles, a form, a profile that cannot be changed here, or the local models. */
export type ProfileView =
  | { kind: 'list' }
  | { kind: 'form'; form: ProfileForm; trial: ProfileTrial }
  | { kind: 'locked'; profileId: string; trial: ProfileTrial }
  | { kind: 'models'; models: LocalModels };

/** What there is to say after something was done. */
export type Done = 'added' | 'changed' | 'key_dropped' | 'deleted' | 'made_default';

/** What the editor needs to know of the workspace. */
export interface IProfileHost {
  profiles(): readonly ProfileInfo[];
  /** A profile was made here: the open chat shall use it. */
  use(profileId: string): void;
}

/** The built-in guide is no provider that somebody could set up. */
const GUIDE = 'guide';
/** The provider of the models that this machine runs. */
const LOCAL = 'huggingface';

export class ProfileEditor implements IDisposable {
  constructor(
    readonly api: ProfileApi,
    private readonly _host: IProfileHost
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null: the chat is in view. */
  get view(): ProfileView | null {
    return this._isOpen ? this._view : null;
  }

  /** Providers that a profile can be made of; empty until they are here. */
  get providers(): readonly ProviderInfo[] {
    return this._providers.filter(({ provider }) => provider !== GUIDE);
  }

  get error(): ErrorInfo | null {
    return this._error;
  }

  /** What was done last, and to which profile. */
  get done(): { what: Done; label: string; profileId: string } | null {
    return this._done;
  }

  /** The form puts the cursor into the first of these fields that it has. */
  get wantedFields(): readonly string[] {
    return this._wantedFields;
  }

  /** The form of a provider; undefined until they are here. */
  form(provider: string): ProviderInfo | undefined {
    return this._providers.find(each => each.provider === provider);
  }

  /** Names of the parameters that a provider takes; of one that is not set up here, those that all take. */
  parametersOf(provider: string | undefined): readonly string[] {
    const known = this._providers.find(each => each.provider === provider);
    const [first, ...others] = this._providers;
    return (
      known?.parameters ??
      first?.parameters.filter(name => others.every(each => each.parameters.includes(name))) ??
      []
    );
  }

  /** Models can be run on the server's machine. */
  get hasLocalModels(): boolean {
    return this.form(LOCAL) !== undefined;
  }

  /** Something is typed that is not saved. */
  get isWriting(): boolean {
    return this._view.kind === 'form' && this._view.form.isDirty;
  }

  /** The form's profile is on its way to the server. */
  get isSaving(): boolean {
    return this._view.kind === 'form' && this._view.form.isSaving;
  }

  /** Whether another profile can be made of this one. */
  canDuplicate({ provider }: ProfileInfo): boolean {
    return this.providers.some(each => each.provider === provider);
  }

  // --- what is in view ------------------------------------------------------------------------------

  /** Show the profiles, or the form that was being written. */
  async open(): Promise<void> {
    this._isFromChat &&= this._isOpen;
    this._isOpen = true;
    this._changed.emit();
    await this.load();
  }

  /** Show the chat. What is typed and not saved, or not yet, stays for the next time. */
  hide(): void {
    if (this._isOpen) {
      this._isOpen = false;
      this._show(this.isWriting || this.isSaving ? this._view : { kind: 'list' });
    }
  }

  /** Leave the form for where it was opened, list or chat; what is typed there is given up. */
  leave(): void {
    const isBackToChat = this._view.kind === 'list' || this._isFromChat;
    this._isOpen = !isBackToChat;
    this._show({ kind: 'list' });
  }

  /** Show the models of the server's machine. */
  openModels(): void {
    const models = new LocalModels(this.api.localModels);
    this._show({ kind: 'models', models });
    void models.refresh();
  }

  /** Fetch what the forms are made of, once. */
  async load(): Promise<void> {
    if (this._providers.length === 0) {
      await this._try(async () => {
        this._providers = await this.api.providers();
        this._error = null;
      });
    }
  }

  // --- what can be done -----------------------------------------------------------------------------

  /** Open the form of a new profile; a form with something typed stays as it is. */
  async add(provider?: string, presetId?: string): Promise<void> {
    await this._openForm();
    const form = provider === undefined ? this.providers[0] : this.form(provider);
    if (form && !this.isWriting) {
      const preset = form.presets.find(({ id }) => id === presetId);
      const values = preset && { label: preset.label, preset: preset.id, ...preset.values };
      this._wantedFields = [];
      this._write({ provider: form, values });
    }
  }

  /** Make a profile of a local model; where something is wrong with it, its form says what. */
  async addLocal(model: string): Promise<void> {
    const provider = this.form(LOCAL);
    if (provider) {
      const label = model.split(/[\\/]/).filter(Boolean).pop() ?? model;
      this._write({ provider, values: { label, model } });
      await this.save();
    }
  }

  /** Give the new profile another provider; what both have stays typed. */
  chooseProvider(provider: string): void {
    const form = this.form(provider);
    if (form && this._view.kind === 'form') {
      this._write({ provider: form, before: this._view.form });
    }
  }

  /**
   * Open a profile: its form, or what there is to see of one that cannot be changed here.
   *
   * @param fields - fields that may need a change, by name.
   */
  async edit(profileId: string, fields: readonly string[] = []): Promise<void> {
    await this._openForm();
    if (this.isWriting) {
      return;
    }
    const profile = this._profile(profileId);
    const provider = profile && this.form(profile.provider);
    this._wantedFields = fields;
    if (!profile || profile.locked || !provider) {
      const trial = new ProfileTrial(this.api, () => ({ profile_id: profileId }));
      this._show({ kind: 'locked', profileId, trial });
      return;
    }
    await this._try(async () => {
      const values = await this.api.values(profileId);
      this._write({ provider, profile, values });
    });
  }

  /** Open the form of a new profile with what is known of another one: all but its key. */
  async duplicate(profileId: string, label: string): Promise<void> {
    const profile = this._profile(profileId);
    await this._try(async () => {
      const provider = profile && this.form(profile.provider);
      const values = profile && (await this._valuesOf(profile));
      if (provider) {
        const { id: _id, ...others } = values ?? {};
        this._write({ provider, values: { ...others, label } });
      }
    });
  }

  /** Let chats without a choice use a profile. */
  async makeDefault(profileId: string): Promise<void> {
    const label = this._profile(profileId)?.label ?? profileId;
    await this._try(async () => {
      await this.api.makeDefault(profileId);
      this._finish('made_default', label, profileId);
    });
  }

  async remove(profileId: string): Promise<void> {
    const label = this._profile(profileId)?.label ?? profileId;
    await this._try(async () => {
      await this.api.remove(profileId);
      this._finish('deleted', label, profileId);
    });
  }

  /**
   * Save what is in the form; when that succeeds, the list says so. Who has hidden the form meanwhile sees it
   * again only if something is wrong.
   */
  async save(): Promise<void> {
    if (this._view.kind !== 'form') {
      return;
    }
    const { form } = this._view;
    const saved = await form.save();
    if (!saved) {
      this._isOpen = true;
      this._changed.emit();
      return;
    }
    const { profile_id: profileId, label } = saved.profile;
    if (form.profileId === null) {
      this._host.use(profileId);
    }
    const what = form.profileId === null ? 'added' : 'changed';
    this._finish(saved.key_dropped ? 'key_dropped' : what, label, profileId);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._leave();
    Signal.clearData(this);
  }

  // --- the view -------------------------------------------------------------------------------------

  private async _openForm(): Promise<void> {
    const isFromChat = this._isFromChat || !this._isOpen;
    await this.open();
    this._isFromChat = isFromChat;
  }

  private _write(options: {
    provider: ProviderInfo;
    profile?: ProfileInfo;
    values?: Partial<IProfileValues>;
    before?: ProfileForm;
  }): void {
    const { provider, profile, values, before } = options;
    const form = new ProfileForm({
      api: this.api,
      provider,
      values,
      profileId: profile?.profile_id,
      hasKey: profile?.has_key,
      taken: this._host.profiles().map(({ profile_id }) => profile_id)
    });
    if (before) {
      form.takeOver(before);
    }
    this._show({ kind: 'form', form, trial: new ProfileTrial(this.api, () => form.asked) });
  }

  private _finish(what: Done, label: string, profileId: string): void {
    // Who came from the chat goes on there, unless there is something to read.
    this._isOpen = what === 'key_dropped' || (this._isOpen && !this._isFromChat);
    this._show({ kind: 'list' });
    if (this._isOpen) {
      this._done = { what, label, profileId };
      this._changed.emit();
    }
  }

  private _show(view: ProfileView): void {
    if (view !== this._view) {
      this._leave();
    }
    this._view = view;
    this._done = this._error = null;
    this._changed.emit();
  }

  private _leave(): void {
    if (this._view.kind === 'form') {
      this._view.form.dispose();
    }
    if (this._view.kind === 'models') {
      this._view.models.dispose();
    } else if (this._view.kind !== 'list') {
      this._view.trial.dispose();
    }
  }

  private _profile(profileId: string): ProfileInfo | undefined {
    return this._host.profiles().find(({ profile_id }) => profile_id === profileId);
  }

  private async _valuesOf(profile: ProfileInfo): Promise<Partial<IProfileValues>> {
    const known = { model: profile.model, streaming: profile.streaming };
    return (profile.locked ? undefined : await this.api.values(profile.profile_id)) ?? known;
  }

  /** Do what the server may refuse. */
  private async _try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      this._error = error.info;
    }
    this._changed.emit();
  }

  private _isOpen = false;
  /** The form was opened past the list. */
  private _isFromChat = false;
  private _view: ProfileView = { kind: 'list' };
  private _providers: readonly ProviderInfo[] = [];
  private _error: ErrorInfo | null = null;
  private _done: { what: Done; label: string; profileId: string } | null = null;
  private _wantedFields: readonly string[] = [];
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
