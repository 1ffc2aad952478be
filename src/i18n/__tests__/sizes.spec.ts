import { nullTranslator } from '@jupyterlab/translation';
import { bytesText, parametersText, timeLeftText } from '../sizes';

const trans = nullTranslator.load('jupyter_stream_chat');

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [38_400_000, '38 MB'],
    [1.25e9, '1.3 GB'],
    [140e9, '140 GB']
  ])('of %s bytes are %s', (bytes, text) => {
    expect(bytesText(bytes, trans)).toBe(text);
  });

  it.each([
    [120, '120 parameters'],
    [494e6, '494 M parameters'],
    [7.6e9, '7.6 B parameters']
  ])('of %s parameters are %s', (count, text) => {
    expect(parametersText(count, trans)).toBe(text);
  });

  it.each([
    [0.2, '1 s left'],
    [59, '59 s left'],
    [61, '2 min left'],
    [5400, '1.5 h left']
  ])('of %s seconds are %s', (seconds, text) => {
    expect(timeLeftText(seconds, trans)).toBe(text);
  });
});
