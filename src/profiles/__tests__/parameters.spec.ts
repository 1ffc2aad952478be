import { parameterKind, parameterText, parameterValues } from '../parameters';

describe('parameters as typed', () => {
  it('are numbers, texts and lists; what is empty is not set', () => {
    const typed = new Map([
      ['temperature', ' 0.5 '],
      ['top_p', '0,9'],
      ['seed', ''],
      ['stop', 'END\n\n###'],
      ['system_prompt', '12']
    ]);
    expect(parameterValues(typed)).toEqual({
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', '###'],
      system_prompt: '12'
    });
  });

  it('are sent as typed when they are no numbers: the server says what is wrong', () => {
    expect(parameterValues(new Map([['seed', 'seven']]))).toEqual({ seed: 'seven' });
  });

  it.each(['constructor', '__proto__', 'toString'])('may be called %s', name => {
    const values = parameterValues(new Map([[name, '7']]));
    expect(Object.entries(values)).toEqual([[name, 7]]);
    expect(parameterKind(name)).toBe('number');
  });

  it('show what is stored', () => {
    expect([0, ['a', 'b'], null, undefined, 'x'].map(parameterText)).toEqual([
      '0',
      'a\nb',
      '',
      '',
      'x'
    ]);
  });
});
