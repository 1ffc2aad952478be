import { nullTranslator } from '@jupyterlab/translation';
import { fieldsToMend, localize } from '../errors';
import { fieldText, providerText } from '../fields';

const trans = nullTranslator.load('jupyter_stream_chat');

it.each(['constructor', '__proto__', 'toString'])('has no sentence by the name of %s', name => {
  const error = { code: name, message: 'It broke.' };
  expect(localize(error, trans, 'zh-CN')).toBe(error);
  expect(fieldsToMend(error)).toBeNull();
  expect(fieldText(name, trans)).toEqual({ label: name });
  expect(fieldText(`parameters.${name}`, trans)).toEqual({ label: `parameters.${name}` });
  expect(providerText(name, 'Label', trans)).toBe('Label');
});
