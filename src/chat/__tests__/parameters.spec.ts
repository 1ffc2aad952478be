import { ChatParameters } from '../parameters';
import type { ChatModel } from '../chat';
import { WorkspaceModel } from '../workspace';
import { ScriptedRest } from '../../__tests__/support/scriptedrest';
import { ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

describe('ChatParameters', () => {
  let rest: ScriptedRest;
  let workspace: WorkspaceModel;
  let chat: ChatModel;

  beforeEach(() => {
    jest.useFakeTimers();
    window.localStorage.clear();
    rest = new ScriptedRest();
    const { settings } = new ScriptedServer();
    workspace = new WorkspaceModel({ serverSettings: settings, store: window.localStorage });
    chat = workspace.current;
  });

  afterEach(() => {
    workspace.dispose();
    jest.useRealTimers();
  });

  const rested = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(1000);
    await settle();
  };

  it('are the chat’s own as soon as they are right', async () => {
    const typed = new ChatParameters(chat, rest.api);
    typed.set('temperature', '0.');
    typed.set('temperature', '0.5');
    typed.set('stop', 'END');
    expect(chat.parameters).toEqual({});
    await rested();
    expect(rest.count('POST profiles/check')).toBe(1);
    expect(chat.parameters).toEqual({ temperature: 0.5, stop: ['END'] });
    expect(new ChatParameters(chat, rest.api).text('stop')).toBe('END');
  });

  it('stay as they were while one of them is wrong, and say which', async () => {
    const typed = new ChatParameters(chat, rest.api);
    const wrong = { code: 'profile_unusable', message: 'No.', field: 'parameters.temperature' };
    const unrelated = { ...wrong, field: 'model' };
    rest.answers['POST profiles/check'] = { problems: [unrelated, wrong] };
    typed.set('temperature', '9');
    await rested();
    expect(typed.problem('temperature')?.message).toBe('No.');
    expect([typed.problem('model'), chat.parameters]).toEqual([null, {}]);
  });

  it.each(['constructor', '__proto__'])('may be called %s', async name => {
    const typed = new ChatParameters(chat, rest.api);
    expect([typed.text(name), typed.isSet]).toEqual(['', false]);
    typed.set(name, '7');
    await rested();
    expect(typed.text(name)).toBe('7');
    const sent = rest.body('POST profiles/check').parameters as object;
    expect(Object.entries(sent)).toEqual([[name, 7]]);
  });

  it('are tried again when the server could not be asked', async () => {
    const typed = new ChatParameters(chat, rest.api);
    delete rest.answers['POST profiles/check'];
    typed.set('seed', '7');
    await rested();
    expect([typed.error?.code, typed.text('seed')]).toEqual(['server_unreachable', '7']);
    rest.answers['POST profiles/check'] = { problems: [] };
    await typed.commit();
    expect([typed.error, chat.parameters]).toEqual([null, { seed: 7 }]);
  });

  it('are the profile’s again when they are cleared', async () => {
    chat.setParameters({ seed: 7 });
    const typed = new ChatParameters(chat, rest.api);
    expect(typed.isSet).toBe(true);
    typed.clear();
    await rested();
    expect([typed.isSet, chat.parameters]).toEqual([false, {}]);
  });
});
