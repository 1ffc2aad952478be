import { ProfileForm } from '../form';
import type { ErrorInfo } from '../../protocol/generated';
import { settle } from '../../__tests__/support/scriptedserver';
import { PROVIDERS, ScriptedRest } from '../../__tests__/support/scriptedrest';

const problem = (field: string): ErrorInfo => ({
  code: 'profile_unusable',
  message: `Wrong: ${field}`,
  field
});

describe('ProfileForm', () => {
  let rest: ScriptedRest;

  const make = (options: Partial<ConstructorParameters<typeof ProfileForm>[0]> = {}) =>
    new ProfileForm({ api: rest.api, provider: PROVIDERS[0], ...options });

  const find = (...fields: string[]): void => {
    rest.answers['POST profiles/check'] = { problems: fields.map(problem) };
  };

  /** The typing rests, and the server has answered. */
  const rested = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(1000);
    await settle();
  };

  beforeEach(() => {
    jest.useFakeTimers();
    rest = new ScriptedRest();
  });

  afterEach(() => jest.useRealTimers());

  it('is checked once the typing rests, and says what is wrong where somebody was', async () => {
    const form = make();
    find('base_url', 'model');
    form.set('base_url', 'h');
    form.set('base_url', 'ht');
    await rested();
    expect(rest.count('POST profiles/check')).toBe(1);
    expect(rest.body('POST profiles/check')).toMatchObject({ provider: 'server', base_url: 'ht' });
    expect([form.problem('base_url')?.message, form.problem('model')]).toEqual([
      'Wrong: base_url',
      null
    ]);
    form.leave('model');
    expect(form.problem('model')?.message).toBe('Wrong: model');
  });

  it('says at once what is wrong with a stored profile', async () => {
    find('model');
    const form = make({ profileId: 'mine' });
    await rested();
    expect(form.problem('model')).not.toBeNull();
  });

  it('sends numbers, keeps what it does not show, and leaves out what is empty', () => {
    const form = make({
      profileId: 'mine',
      values: { model: 'm', timeouts: { stall: 5 }, parameters: { seed: 1, temperature: 1 } }
    });
    form.set('parameters.temperature', '0.5');
    form.set('parameters.seed', '');
    form.set('model', '  ');
    expect(JSON.parse(JSON.stringify(form.values))).toEqual({
      id: 'mine',
      label: 'A server',
      provider: 'server',
      timeouts: { stall: 5 },
      parameters: { temperature: 0.5 }
    });
  });

  it('sends time limits as numbers, and the choice about answers that repeat themselves', () => {
    const form = make({
      profileId: 'mine',
      values: { model: 'm', timeouts: { stall: 5, total: 0 }, on_repetition: 'stop' }
    });
    expect(['first_token', 'stall', 'total'].map(name => form.text(`timeouts.${name}`))).toEqual([
      '',
      '5',
      '0'
    ]);
    form.set('timeouts.first_token', '2,5');
    form.set('timeouts.stall', '');
    form.set('timeouts.total', 'an hour');
    form.set('on_repetition', '');
    expect(JSON.parse(JSON.stringify(form.values))).toEqual({
      id: 'mine',
      label: 'A server',
      provider: 'server',
      model: 'm',
      // What is no number, the server refuses with the hint.
      timeouts: { first_token: 2.5, total: 'an hour' }
    });
  });

  it.each(['constructor', '__proto__', 'toString'])('has a field called %s', name => {
    const field = { name, kind: 'url' as const, required: false };
    const provider = { ...PROVIDERS[0], fields: [field], parameters: [name], timeouts: {} };
    const form = make({ provider, profileId: 'mine', hasKey: true });
    const parameter = `parameters.${name}`;
    expect([form.text(name), form.text(parameter), form.isDirty, form.dropsKey]).toEqual([
      '',
      '',
      false,
      false
    ]);
    form.set(name, 'https://there');
    form.set(parameter, '7');
    expect([form.text(name), form.text(parameter), form.isDirty, form.dropsKey]).toEqual([
      'https://there',
      '7',
      true,
      true
    ]);
    const sent = new Map(Object.entries(form.values));
    expect(sent.get(name)).toBe('https://there');
    expect(Object.entries(sent.get('parameters') as object)).toEqual([[name, 7]]);
  });

  it('names a new profile after its label, as nobody else is named', () => {
    const form = make({ taken: ['my-model', 'my-model-2', 'server'] });
    form.set('label', 'My Model!');
    expect(form.values.id).toBe('my-model-3');
    form.set('label', '我的模型');
    expect(form.values.id).toBe('server-2');
  });

  it('fills in a preset, and leaves a name that was typed', () => {
    const form = make();
    form.choosePreset('known');
    expect([form.text('label'), form.text('base_url'), form.values.preset]).toEqual([
      'Known',
      'http://known/v1',
      'known'
    ]);
    form.set('label', 'Mine');
    form.choosePreset('');
    expect([form.text('label'), form.values.preset]).toEqual(['Mine', undefined]);
  });

  it('keeps, replaces or drops a key', () => {
    const form = make({ profileId: 'mine', hasKey: true });
    expect('api_key' in form.values).toBe(false);
    form.chooseKey('type');
    expect('api_key' in form.values).toBe(false);
    form.typeKey('secret');
    expect(form.values.api_key).toBe('secret');
    form.chooseKey('remove');
    expect(form.values.api_key).toBeNull();
    form.chooseKey('keep');
    expect([form.keyText, 'api_key' in form.values]).toEqual(['', false]);
  });

  it('knows that another host is not sent the kept key', () => {
    const values = { base_url: 'https://here/v1' };
    const form = make({ profileId: 'mine', hasKey: true, values });
    form.set('base_url', 'https://here/v2');
    expect(form.dropsKey).toBe(false);
    form.set('base_url', 'https://there/v1');
    expect(form.dropsKey).toBe(true);
    form.chooseKey('type');
    expect(form.dropsKey).toBe(false);
  });

  it('saves nothing while something is wrong, and then says all of it', async () => {
    const form = make();
    find('model');
    expect(await form.save()).toBeNull();
    expect(rest.count('POST profiles')).toBe(0);
    expect(form.firstWrong).toBe('model');
  });

  it('keeps all that was typed when saving fails', async () => {
    const form = make();
    form.set('label', 'Mine');
    form.typeKey('secret');
    expect(await form.save()).toBeNull();
    expect(form.error?.code).toBe('server_unreachable');
    expect([form.text('label'), form.keyText, form.isDirty]).toEqual(['Mine', 'secret', true]);
    rest.answers['POST profiles'] = { error: problem('model') };
    expect(await form.save()).toBeNull();
    expect([form.error, form.firstWrong]).toEqual([null, 'model']);
  });

  it('forgets the key once it is saved', async () => {
    const form = make();
    form.typeKey('secret');
    rest.answers['POST profiles'] = { profile: { profile_id: 'server' } };
    expect(await form.save()).not.toBeNull();
    expect(rest.body('POST profiles')).toMatchObject({ api_key: 'secret' });
    expect(form.keyText).toBe('');
  });

  it('knows whether something would be lost', () => {
    const form = make({ values: { model: 'm' } });
    expect(form.isDirty).toBe(false);
    form.set('model', 'n');
    expect(form.isDirty).toBe(true);
    form.set('model', 'm');
    expect(form.isDirty).toBe(false);
    form.typeKey('s');
    expect(form.isDirty).toBe(true);
  });
});
