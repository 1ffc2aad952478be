import { codePoints, sliceCodePoints, StreamText, wellFormed } from '../text';

const SAMPLES = [
  '',
  'plain',
  'é ß ø',
  '你好，世界',
  '👩‍🔬 and 🏳️‍🌈',
  '\u0000\u007f\u0080\u07ff\u0800\uffff'
];

describe('wellFormed', () => {
  it('replaces lone surrogates and nothing else', () => {
    expect(wellFormed('\ufeffa\ud83db\ude00 😀')).toBe('\ufeffa\ufffdb\ufffd 😀');
  });
});

describe('codePoints', () => {
  it.each(SAMPLES)('counts as iteration does: %j', sample => {
    expect(codePoints(sample)).toBe([...sample].length);
  });

  it('counts lone surrogates as one each', () => {
    expect(codePoints('\ud83d x \ude00')).toBe(5);
  });
});

describe('sliceCodePoints', () => {
  it.each(SAMPLES)('slices as an array of code points does: %j', sample => {
    const points = [...sample];
    for (let start = 0; start <= points.length + 1; start++) {
      expect(sliceCodePoints(sample, start)).toBe(points.slice(start).join(''));
      expect(sliceCodePoints(sample, 0, start)).toBe(points.slice(0, start).join(''));
      expect(sliceCodePoints(sample, 1, start)).toBe(points.slice(1, start).join(''));
    }
  });
});

describe('StreamText', () => {
  // From Python's zlib.crc32(text.encode()), which is what the server keeps.
  const DIGESTS = [0, 421552847, 304256540, 2901793364, 1725926678, 337075368];

  it.each(SAMPLES.map((sample, i) => [sample, DIGESTS[i]] as const))(
    'has the digest that the server has: %j',
    (sample, crc) => {
      expect(new StreamText(sample).digest).toEqual({ length: [...sample].length, crc32: crc });
    }
  );

  it('has the same digest however it grew', () => {
    const grown = new StreamText();
    for (const point of SAMPLES.join('')) {
      grown.append(point);
    }
    expect(grown.digest).toEqual(new StreamText(SAMPLES.join('')).digest);
    expect(String(grown)).toBe(SAMPLES.join(''));
  });

  it('counts a lone surrogate as the replacement character, as UTF-8 encoders do', () => {
    expect(new StreamText('\ud83d x \ude00').digest).toEqual({ length: 5, crc32: 1476221730 });
  });
});
