import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { useRef } from 'react';
import { useRoving } from '../roving';

function Group(): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  const onRove = useRoving(group, { items: 'button', hasTypeAhead: true });
  return (
    <div ref={group} onKeyDown={onRove}>
      <button>Cell 1</button>
      <button aria-label="Remove Cell 1">x</button>
      <button>Cell 2</button>
      <button>数据</button>
    </div>
  );
}

describe('a group with one Tab stop', () => {
  const press = (...keys: string[]): string | undefined => {
    for (const key of keys) {
      fireEvent.keyDown(document.activeElement!, { key });
    }
    return document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerHTML;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    render(<Group />);
    screen.getByText('Cell 1').focus();
  });
  afterEach(() => jest.useRealTimers());

  it.each([
    ['a letter, to the next name that begins with it', ['c'], 'Cell 2'],
    ['a letter, round to the first one', ['End', 'c'], 'Cell 1'],
    ['several letters, as one name', ['c', 'e', 'l', 'l', ' ', '1'], 'Cell 1'],
    ['the name of an icon', ['R'], 'Remove Cell 1'],
    ['Chinese', ['数'], '数据'],
    ['a letter that no name begins with', ['q'], 'Cell 1'],
    ['Home and End', ['End', 'Home'], 'Cell 1']
  ])('goes by %s', (_, keys, name) => {
    expect(press(...keys)).toBe(name);
  });

  it('begins a new name after a rest', () => {
    press('c');
    jest.advanceTimersByTime(1000);
    expect(press('r')).toBe('Remove Cell 1');
  });
});
