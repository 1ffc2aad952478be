import { nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { readFileSync } from 'fs';
import { join } from 'path';
import { localizeStep } from '../doctor';
import type { DoctorStep } from '../../protocol/generated';

const LOCALE = 'jupyter_stream_chat/locale/zh_CN/LC_MESSAGES/jupyter_stream_chat.json';

/** The translator of a reader of Chinese, from the locale that is shipped. */
function chinese(): TranslationBundle {
  const read = readFileSync(join(__dirname, '../../..', LOCALE), 'utf8');
  const translations = JSON.parse(read) as Record<string, string[]>;
  const english = nullTranslator.load('');
  return {
    ...english,
    __: (id: string, ...values: string[]) => english.__(translations[id][0], ...values)
  };
}

describe('localizeStep', () => {
  const read = (step: Partial<DoctorStep>, language = 'zh-CN'): DoctorStep => {
    const all = { name: 'direct', title: 'One call', outcome: 'pass', ms: 1, message: 'English.' };
    return localizeStep({ code: 'counted', ...all, ...step } as DoctorStep, chinese(), language);
  };

  it('leaves English as the server wrote it', () => {
    expect(read({ message: 'Fine.' }, 'en')).toMatchObject({ title: 'One call', message: 'Fine.' });
  });

  it('words a finding with its values, and nothing of it stays English', () => {
    const step = read({ name: 'stop', code: 'released_late', values: { ms: '1500' } });
    expect(step).toMatchObject({
      title: '停止',
      message: '点击停止 1500 毫秒后，服务商断开了连接。',
      hint: '请在机器不太忙时再试。',
      detail: null
    });
  });

  it('names the step that another one needs', () => {
    const { message } = read({ code: 'left_out', values: { step: 'key' } });
    expect(message).toBe('已跳过：依赖于“密钥”。');
  });

  it("words the provider's error by its code, and keeps its own words in the details", () => {
    const step = read({
      code: 'refused_with_parameters',
      error_code: 'parameter_refused',
      values: { parameter: 'seed' },
      message: 'The model takes no seed.',
      detail: 'HTTP 400'
    });
    expect(step.message).toContain('seed');
    expect(step.message).not.toMatch(/takes/);
    expect(step.hint).toContain('不带参数的调用可行');
    expect(step.detail).toBe('The model takes no seed.\nHTTP 400');
  });

  it('names the field of a profile that cannot be used', () => {
    const code = { code: 'refused', error_code: 'profile_unusable' };
    expect(read({ ...code, field: 'azure_deployment' })).toMatchObject({
      message: '“部署”不能这样填写。'
    });
  });

  it('words what the page itself found, in English too', () => {
    const own = { name: 'socket', title: '', message: '', code: 'socket_closed' };
    expect(read({ ...own, values: { seconds: '10' } }).hint).toContain('$http_upgrade');
    const english = localizeStep({ ...own, outcome: 'fail', ms: 1 }, nullTranslator.load(''), 'en');
    expect(english.title).toBe('The way to this page');
    expect(english.hint).toContain('$http_upgrade');
  });

  it('leaves what it has no words for to the server', () => {
    expect(read({ code: 'of_a_newer_server' }).message).toBe('English.');
    expect(read({ code: 'refused', error_code: 'of_a_newer_server' }).message).toBe('English.');
  });
});
