import { ProfileTrial } from '../trial';
import type { DoctorStep } from '../../protocol/generated';
import { ScriptedRest } from '../../__tests__/support/scriptedrest';

const step = (name: string): DoctorStep => ({
  name,
  title: name,
  outcome: 'pass',
  ms: 1,
  message: 'Fine.',
  code: 'no_key'
});

describe('ProfileTrial', () => {
  let rest: ScriptedRest;
  let trial: ProfileTrial;

  beforeEach(() => {
    rest = new ScriptedRest();
    trial = new ProfileTrial(rest.api, () => ({ provider: 'server', model: 'm' }));
  });

  it('tells the models of the endpoint, or why it tells none', async () => {
    await trial.findModels();
    expect([trial.models, trial.error('models')?.code]).toEqual([null, 'server_unreachable']);
    rest.answers['POST profiles/models'] = { models: ['a', 'b'] };
    await trial.findModels();
    expect([trial.models, trial.error('models')]).toEqual([['a', 'b'], null]);
  });

  it('tells the answer and its time, and forgets it when it is asked again', async () => {
    rest.answers['POST profiles/try'] = { text: 'ready', ms: 12 };
    await trial.try();
    expect(trial.answer).toEqual({ text: 'ready', ms: 12 });
    rest.answers['POST profiles/try'] = { error: { code: 'wrong_key', message: 'No.' } };
    await trial.try();
    expect([trial.answer, trial.error('answer')?.code]).toEqual([null, 'wrong_key']);
  });

  it('tells each step of the doctor as it ends, however the lines are cut', async () => {
    const text = ['name', 'key', 'stop'].map(name => `${JSON.stringify(step(name))}\n`).join('');
    rest.answers['POST doctor'] = [text.slice(0, 20), text.slice(20, 100), text.slice(100)];
    const seen: number[] = [];
    trial.changed.connect(() => seen.push(trial.steps.length));
    await trial.examine();
    expect(trial.steps.map(({ name }) => name)).toEqual(['name', 'key', 'stop', 'socket']);
    expect([...new Set(seen)]).toEqual([0, 1, 2, 3, 4]);
    expect(rest.body('POST doctor')).toEqual({ values: { provider: 'server', model: 'm' } });
  });

  it('examines a profile of the configuration by its name', async () => {
    rest.answers['POST doctor'] = [];
    await new ProfileTrial(rest.api, () => ({ profile_id: 'theirs' })).examine();
    expect(rest.body('POST doctor')).toEqual({ profile_id: 'theirs' });
  });

  it('forgets what is remembered of the deployment, and shows the row that the doctor finds then', async () => {
    const row = { ...step('remembered'), code: 'remembered' };
    rest.answers['POST doctor'] = [`${JSON.stringify(row)}\n`];
    await trial.examine();
    rest.answers['POST deployments/forget'] = { step: { ...row, code: 'nothing_remembered' } };
    await trial.forget();
    expect(rest.body('POST deployments/forget')).toEqual({
      values: { provider: 'server', model: 'm' }
    });
    expect(trial.steps.map(({ code }) => code).slice(0, 1)).toEqual(['nothing_remembered']);
  });

  it('hears nothing of what was given up', async () => {
    rest.answers['POST profiles/try'] = { text: 'late', ms: 1 };
    const asking = trial.try();
    trial.cancel();
    await asking;
    expect([trial.running, trial.answer, trial.error('answer')]).toEqual([null, null, null]);
  });
});
