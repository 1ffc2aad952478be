import { nullTranslator } from '@jupyterlab/translation';
import { fieldText } from '../fields';
import { PARAMETER_ROWS } from '../../protocol/parameters';

const trans = nullTranslator.load('jupyter_stream_chat');

it('names each parameter, and says what belongs into it', () => {
  const texts = Object.keys(PARAMETER_ROWS).map(name => {
    const { label, hint } = fieldText(`parameters.${name}`, trans);
    return [label, hint];
  });
  expect(texts).toEqual([
    ['System prompt', undefined],
    ['Temperature', '0 to 2; 0 is the least random'],
    ['Top-p', 'Above 0, up to 1'],
    ['Top-k', '1 or more'],
    ['Longest answer, in tokens', '1 or more'],
    ['Repetition penalty', 'Above 0, up to 5; 1 is no penalty'],
    ['Seed', 'A whole number'],
    ['Stop strings', 'One per line; the answer ends before any of them']
  ]);
});
