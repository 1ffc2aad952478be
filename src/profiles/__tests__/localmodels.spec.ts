import { ScriptedRest } from '../../__tests__/support/scriptedrest';
import { LocalModels } from '../localmodels';
import type { ILocalModel, IModelDownload, IModels } from '../modelsapi';

const model = (name: string, changes: Partial<ILocalModel> = {}): ILocalModel => ({
  model: name,
  is_folder: false,
  is_complete: true,
  disk_bytes: 10,
  used_by: [],
  ...changes
});

const answer = (changes: Partial<IModels> = {}): IModels => ({
  models: [],
  downloads: [],
  freed: [],
  device: 'cpu',
  is_locked: false,
  ...changes
});

const download = (name: string, state: IModelDownload['state']): IModelDownload => ({
  model: name,
  state,
  received_bytes: 5
});

describe('LocalModels', () => {
  let rest: ScriptedRest;
  let models: LocalModels;

  beforeEach(() => {
    rest = new ScriptedRest();
    rest.answers['GET models'] = answer();
    models = new LocalModels(rest.api.localModels);
  });

  afterEach(() => models.dispose());

  it('lists models and downloads by name, each once', async () => {
    rest.answers['GET models'] = answer({
      models: [model('org/b'), model('org/c')],
      downloads: [
        download('org/b', 'done'),
        download('org/c', 'stopped'),
        download('org/a', 'failed')
      ]
    });
    await models.refresh();
    expect(models.lines.map(line => [line.model.model, line.download?.state])).toEqual([
      ['org/a', 'failed'],
      ['org/b', undefined],
      ['org/c', 'stopped']
    ]);
  });

  it.each([
    ['done', 'downloaded'],
    ['failed', 'failed']
  ] as const)('tells that a download which ran is %s', async (state, what) => {
    rest.answers['GET models'] = answer({ downloads: [download('org/a', state)] });
    await models.refresh();
    expect(models.news).toBeNull();
    rest.answers['GET models'] = answer({ downloads: [download('org/a', 'running')] });
    await models.refresh();
    rest.answers['GET models'] = answer({ downloads: [download('org/a', state)] });
    await models.refresh();
    expect(models.news).toEqual({ what, model: 'org/a' });
  });

  it('asks again by itself until it is disposed', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate'] });
    try {
      await models.refresh();
      await jest.advanceTimersToNextTimerAsync();
      expect(rest.count('GET models')).toBe(2);
      models.dispose();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('says why the list, an inspection or an action failed, until it succeeds', async () => {
    rest.answers['GET models'] = undefined;
    await models.refresh();
    expect(models.error?.code).toBe('server_unreachable');
    rest.answers['GET models'] = answer();
    await models.refresh();
    expect(models.error).toBeNull();

    const refused = { error: { code: 'model_busy', message: 'Busy.' } };
    rest.answers['POST models/unload'] = refused;
    expect(await models.act('unload', 'org/a')).toBe(false);
    expect([models.error?.code, models.news]).toEqual(['model_busy', null]);
    rest.answers['POST models/unload'] = {};
    expect(await models.act('unload', 'org/a')).toBe(true);
    expect([models.error, models.news?.what]).toEqual([null, 'unloaded']);

    rest.answers['POST models/inspect'] = refused;
    await models.inspect('org/a');
    expect([models.inspectionError?.code, models.isInspecting]).toEqual(['model_busy', false]);
    rest.answers['POST models/inspect'] = model('org/a');
    await models.inspect('org/a');
    expect([models.inspectionError, models.inspected?.model]).toEqual([null, 'org/a']);
  });

  it('does one thing at a time with a model', async () => {
    rest.answers['POST models/download'] = {};
    const first = models.act('download', 'org/a');
    expect(models.isBusy('org/a')).toBe(true);
    expect(await models.act('download', 'org/a')).toBe(false);
    await first;
    expect(rest.count('POST models/download')).toBe(1);
  });

  it('does nothing more once it is disposed', async () => {
    rest.answers['POST models/release'] = {};
    const released = models.release();
    models.dispose();
    await released;
    expect(rest.count('GET models')).toBe(0);
  });
});
