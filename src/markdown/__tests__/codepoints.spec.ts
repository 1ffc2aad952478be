import { codePoints, takeCodePoints } from '../codepoints';

test.each(['', 'abc', '你好', '😀a😀', '👩‍👩‍👧', '\ud83d lone', 'e\u0301'])(
  'code points of %j',
  text => {
    const points = Array.from(text);
    expect(codePoints(text)).toBe(points.length);
    for (let count = 0; count <= points.length + 1; count += 1) {
      expect(takeCodePoints(text, count)).toBe(points.slice(0, count).join(''));
    }
  }
);
