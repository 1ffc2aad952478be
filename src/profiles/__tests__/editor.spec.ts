import { ProfileEditor } from '../editor';
import type { ProfileForm } from '../form';
import type { ProfileInfo } from '../../protocol/generated';
import { PROVIDERS, ScriptedRest } from '../../__tests__/support/scriptedrest';
import { profileInfo } from '../../__tests__/support/scriptedserver';

const info = (profile_id: string, changes: Partial<ProfileInfo> = {}): ProfileInfo =>
  profileInfo(profile_id, { provider: 'server', ...changes });

describe('ProfileEditor', () => {
  let rest: ScriptedRest;
  let used: string[];
  let editor: ProfileEditor;

  beforeEach(() => {
    rest = new ScriptedRest();
    rest.answers['GET providers'] = { providers: PROVIDERS };
    rest.answers['GET profiles/mine'] = { values: { id: 'mine', label: 'mine', model: 'm' } };
    used = [];
    const profiles = [info('mine'), info('theirs', { locked: true, streaming: 'off' })];
    editor = new ProfileEditor(rest.api, {
      profiles: () => profiles,
      use: profileId => used.push(profileId)
    });
  });

  afterEach(() => editor.dispose());

  const form = (): ProfileForm => {
    if (editor.view?.kind !== 'form') {
      throw new Error('No form is open');
    }
    return editor.view.form;
  };

  it('shows the list, and fetches once what forms are made of', async () => {
    await editor.open();
    editor.hide();
    await editor.open();
    expect(editor.view).toEqual({ kind: 'list' });
    expect(editor.providers).toEqual(PROVIDERS);
    expect(rest.count('GET providers')).toBe(1);
  });

  it('says why there are no providers, and asks again the next time', async () => {
    delete rest.answers['GET providers'];
    await editor.open();
    expect(editor.error?.code).toBe('server_unreachable');
    rest.answers['GET providers'] = { providers: PROVIDERS };
    await editor.open();
    expect([editor.error, editor.providers.length]).toEqual([null, 2]);
  });

  it('keeps what is being typed while the chat is in view, whatever is asked for meanwhile', async () => {
    await editor.add('server', 'known');
    form().set('model', 'half');
    editor.hide();
    expect([editor.view, editor.isWriting]).toEqual([null, true]);
    await editor.add('local');
    expect(form().text('model')).toBe('half');
    editor.hide();
    await editor.edit('mine');
    expect(form().text('model')).toBe('half');
  });

  it('shows the list again after a form into which nothing was typed', async () => {
    await editor.edit('mine');
    editor.hide();
    await editor.open();
    expect(editor.view).toEqual({ kind: 'list' });
  });

  it('uses in the open chat what was made there, and goes back to it', async () => {
    rest.answers['POST profiles'] = { profile: info('new') };
    await editor.add('server');
    await editor.save();
    expect([editor.view, used]).toEqual([null, ['new']]);
  });

  it('goes back to the list from a form that was opened there, and says what was done', async () => {
    rest.answers['PUT profiles/mine'] = { profile: info('mine') };
    await editor.open();
    await editor.edit('mine');
    await editor.save();
    expect(editor.view).toEqual({ kind: 'list' });
    expect([editor.done?.what, used]).toEqual(['changed', []]);
  });

  it('is saved in the background when it is hidden meanwhile, and comes back when something is wrong', async () => {
    await editor.open();
    await editor.edit('mine');
    const refused = editor.save();
    expect(editor.isSaving).toBe(true);
    editor.hide();
    expect(editor.view).toBeNull();
    await refused;
    expect([form().text('model'), form().error?.code]).toEqual(['m', 'server_unreachable']);

    form().set('model', 'm2');
    rest.answers['PUT profiles/mine'] = { profile: info('mine') };
    const saved = editor.save();
    editor.hide();
    await saved;
    expect([editor.view, editor.isWriting]).toEqual([null, false]);
  });

  it('tells of a dropped key also to whom came from the chat', async () => {
    rest.answers['PUT profiles/mine'] = { profile: info('mine'), key_dropped: true };
    await editor.edit('mine');
    await editor.save();
    expect([editor.view?.kind, editor.done?.what]).toEqual(['list', 'key_dropped']);
  });

  it('opens a profile of the configuration to look at, and copies what is known of it', async () => {
    await editor.edit('theirs', ['model']);
    expect(editor.view?.kind).toBe('locked');
    await editor.duplicate('theirs', 'Copy');
    expect([form().profileId, form().text('label'), form().text('streaming')]).toEqual([
      null,
      'Copy',
      'off'
    ]);
  });

  it('keeps what is typed when the provider is another one', async () => {
    await editor.add('server');
    form().set('label', 'Mine');
    form().set('model', 'm2');
    editor.chooseProvider('local');
    expect([form().provider.provider, form().text('label'), form().text('model')]).toEqual([
      'local',
      'Mine',
      'm2'
    ]);
  });

  it('deletes, or says why not', async () => {
    await editor.open();
    await editor.remove('mine');
    expect(editor.error).not.toBeNull();
    rest.answers['DELETE profiles/mine'] = {};
    await editor.remove('mine');
    expect(editor.done).toMatchObject({ what: 'deleted', label: 'mine' });
  });

  it('knows the parameters of a provider, and those that all take', async () => {
    await editor.load();
    expect(editor.parametersOf('server')).toContain('seed');
    expect(editor.parametersOf('guide')).toEqual(['temperature']);
  });
});
