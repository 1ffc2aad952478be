import { fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import type { StreamingMode } from '../../protocol/generated';
import { StreamingSwitch } from '../choices';
import { renderInPanel } from './support';

function switched(
  mode: StreamingMode,
  isLocked = false
): { button: HTMLElement; chosen: StreamingMode[] } {
  const chosen: StreamingMode[] = [];
  renderInPanel(
    <StreamingSwitch mode={mode} isLocked={isLocked} onChange={to => chosen.push(to)} />
  );
  const button = screen.getByRole('switch', { name: 'Streaming' });
  fireEvent.click(button);
  return { button, chosen };
}

describe('StreamingSwitch', () => {
  it.each<[StreamingMode, string, StreamingMode, string]>([
    ['auto', 'true', 'off', 'where the model can'],
    ['on', 'true', 'off', 'as it is written'],
    ['off', 'false', 'auto', 'when it is complete']
  ])('is %s: checked %s, and turns to %s', (mode, checked, other, title) => {
    const { button, chosen } = switched(mode);
    expect(button.getAttribute('aria-checked')).toBe(checked);
    expect(button.getAttribute('aria-disabled')).toBeNull();
    expect(button.title).toContain(title);
    expect(chosen).toEqual([other]);
  });

  it('does nothing but say why where the administrator has chosen', () => {
    const { button, chosen } = switched('off', true);
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(button.title).toContain('administrator');
    expect(chosen).toEqual([]);
  });
});
