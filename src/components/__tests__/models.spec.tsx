import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';
import { PROVIDERS, ScriptedRest } from '../../__tests__/support/scriptedrest';
import { ProfileEditor } from '../../profiles/editor';
import type { LocalModels } from '../../profiles/localmodels';
import type { ILocalModel, IModels } from '../../profiles/modelsapi';
import { ModelsView } from '../models/view';
import { renderInPanel } from './support';

const GB = 1e9;

const model = (changes: Partial<ILocalModel> = {}): ILocalModel => ({
  model: 'org/big',
  is_folder: false,
  is_complete: true,
  disk_bytes: 14 * GB,
  parameters: 7 * GB,
  memory_bytes: 15.4 * GB,
  used_by: [],
  ...changes
});

const answer = (changes: Partial<IModels> = {}): IModels => ({
  models: [],
  downloads: [],
  freed: [],
  device: 'cuda',
  free_bytes: 20 * GB,
  total_bytes: 80 * GB,
  is_locked: false,
  ...changes
});

describe('ModelsView', () => {
  let rest: ScriptedRest;
  let editor: ProfileEditor;
  let models: LocalModels;
  const used = jest.fn();

  const show = async (told: IModels) => {
    rest = new ScriptedRest();
    rest.answers['GET providers'] = {
      providers: [...PROVIDERS, { ...PROVIDERS[1], provider: 'huggingface' }]
    };
    rest.answers['GET models'] = told;
    editor = new ProfileEditor(rest.api, { profiles: () => [], use: used });
    await editor.open();
    editor.openModels();
    if (editor.view?.kind !== 'models') {
      throw new Error('The models are not in view');
    }
    models = editor.view.models;
    await act(() => models.refresh());
    renderInPanel(<ModelsView editor={editor} models={models} />);
  };
  const list = () => screen.getByRole('list', { name: 'Local models' });
  const buttons = () =>
    within(list())
      .queryAllByRole('button')
      .map(each => each.textContent);
  const inspect = async (name: string) => {
    fireEvent.change(screen.getByLabelText('Model'), { target: { value: name } });
    await act(async () => fireEvent.click(screen.getByText('Check size')));
  };

  afterEach(() => editor.dispose());

  it.each([
    ['fits', 'Fits'],
    ['tight', 'Tight: little memory is left for long chats'],
    ['does_not_fit', 'Does not fit into the free memory']
  ] as const)('tells sizes, and that a model %s, before anything is loaded', async (fit, text) => {
    await show(answer());
    rest.answers['POST models/inspect'] = model({
      is_complete: false,
      disk_bytes: 0,
      download_bytes: 14 * GB,
      fit
    });
    await inspect(' org/big ');
    const found = await screen.findByRole('group', { name: 'org/big' });
    expect(rest.body('POST models/inspect')).toEqual({ model: 'org/big' });
    expect(found.textContent).toContain(
      '7.0 B parameters · 14 GB to download · about 15 GB in memory'
    );
    expect(within(found).getByText(text)).not.toBeNull();
  });

  it('says at the field why a model cannot be had', async () => {
    await show(answer());
    rest.answers['POST models/inspect'] = {
      error: { code: 'unknown_model', message: 'Licence first.', hint: 'Accept it.' }
    };
    await inspect('org/gated');
    await screen.findByText('Licence first.');
    expect(screen.getByLabelText('Model').getAttribute('aria-invalid')).toBe('true');
  });

  it('asks for nothing without a name', async () => {
    await show(answer());
    await inspect('  ');
    expect(rest.count('POST models/inspect')).toBe(0);
  });

  it('shows a download with bytes, rate and time, and stops it', async () => {
    const download = {
      model: 'org/big',
      state: 'running' as const,
      received_bytes: 7 * GB,
      total_bytes: 14 * GB,
      bytes_per_second: 50e6,
      seconds_left: 140
    };
    await show(
      answer({ models: [model({ is_complete: false, disk_bytes: 7 * GB })], downloads: [download] })
    );
    const progress = screen.getByRole('progressbar', { name: 'Download of org/big' });
    expect(progress.getAttribute('aria-valuenow')).toBe('50');
    expect(progress.getAttribute('aria-valuetext')).toBe('7.0 GB of 14 GB · 50 MB/s · 3 min left');
    expect(buttons()).toEqual(['Stop']);
    rest.answers['POST models/stop'] = {};
    rest.answers['GET models'] = answer({
      models: [model({ is_complete: false })],
      downloads: [{ ...download, state: 'stopped' }]
    });
    await act(async () => fireEvent.click(screen.getByText('Stop')));
    await screen.findByText('The download of org/big was stopped. What was received is kept.');
    expect(buttons()).toEqual(['Resume', 'Delete']);
  });

  it('says why a download failed', async () => {
    const error = { code: 'no_network', message: 'The hub cannot be reached.' };
    await show(
      answer({ downloads: [{ model: 'org/new', state: 'failed', received_bytes: 0, error }] })
    );
    expect(within(list()).getByText('The hub cannot be reached.')).not.toBeNull();
    expect(buttons()).toEqual(['Resume']);
  });

  it('shows what is loaded, by whom it is used, and unloads it', async () => {
    const loaded = { device: 'cuda', bytes: 14 * GB, cache_bytes: 2 * GB, running: 1 };
    await show(answer({ models: [model({ loaded, used_by: ['Mine', 'Other'] })] }));
    const text = list().textContent;
    expect(text).toContain('Loaded (cuda): 14 GB · 2.0 GB for chats · 1 answer is being written');
    expect(text).toContain('Used by: Mine, Other');
    rest.answers['POST models/unload'] = { error: { code: 'model_busy', message: 'It writes.' } };
    await act(async () => fireEvent.click(screen.getByText('Unload')));
    expect((await screen.findByRole('alert')).textContent).toContain('It writes.');
  });

  it('offers to delete no folder of somebody', async () => {
    await show(answer({ models: [model({ model: '/data/mine', is_folder: true })] }));
    expect(buttons()).toEqual(['New profile']);
  });

  it('offers no change where the administrator chooses', async () => {
    await show(answer({ is_locked: true, models: [model()] }));
    expect(screen.queryByLabelText('Model')).toBeNull();
    expect(buttons()).toEqual([]);
  });

  it('says what memory was given back for other programs', async () => {
    const freed = [{ what: 'model' as const, model: 'org/big', bytes: 3 * GB, at: 0 }];
    await show(answer({ freed }));
    expect(screen.getByText('Free memory: 20 GB of 80 GB (cuda)')).not.toBeNull();
    expect(screen.getByText(/^org\/big was unloaded at .*: 3.0 GB\.$/)).not.toBeNull();
  });

  it('makes a profile of a model in one click', async () => {
    await show(answer({ models: [model()] }));
    const profile = { profile_id: 'big', label: 'big', provider: 'huggingface', model: 'org/big' };
    rest.answers['POST profiles'] = { profile };
    await act(async () => fireEvent.click(screen.getByText('New profile')));
    expect(rest.body('POST profiles')).toMatchObject({
      id: 'big',
      label: 'big',
      provider: 'huggingface',
      model: 'org/big'
    });
    expect(used).toHaveBeenLastCalledWith('big');
    expect(editor.done?.what).toBe('added');
    expect(models.isDisposed).toBe(true);
  });

  it('shows in the form what keeps a model from becoming a profile', async () => {
    await show(answer({ models: [model()] }));
    const problem = { code: 'profile_unusable', message: 'No torch.', field: 'provider' };
    rest.answers['POST profiles/check'] = { problems: [problem] };
    await act(async () => fireEvent.click(screen.getByText('New profile')));
    expect(editor.view?.kind).toBe('form');
    expect(rest.count('POST profiles')).toBe(0);
  });
});
