import { fireEvent, screen, waitFor } from '@testing-library/react';
import * as React from 'react';
import { useRef, useState } from 'react';
import type { BlockedReason, PauseAction } from '../../chat/chat';
import { Composer } from '../composer';
import { renderInPanel, SETTINGS } from './support';

const onSend = jest.fn();
const onSendLater = jest.fn();
const onStop = jest.fn();
const onPause = jest.fn();

interface IProps {
  isRunning?: boolean;
  isStopping?: boolean;
  pauseAction?: PauseAction | null;
  blocked?: BlockedReason | null;
}

/** A composer with the draft 'why?' that is stopped and sent by nobody but the test. */
function Bench({
  isRunning = false,
  isStopping = false,
  pauseAction = null,
  blocked = null
}: IProps): JSX.Element {
  const [draft, setDraft] = useState('why?');
  return (
    <Composer
      draft={draft}
      isRunning={isRunning}
      isStopping={isStopping}
      pauseAction={pauseAction}
      blocked={blocked}
      onDraft={setDraft}
      onSend={onSend}
      onSendLater={onSendLater}
      onStop={onStop}
      onPause={onPause}
      inputRef={useRef<HTMLTextAreaElement>(null)}
    >
      <span />
    </Composer>
  );
}

const field = () => screen.getByRole('textbox');
const button = () => document.querySelector<HTMLElement>('.jp-StreamChat-send')!;
const hint = () => screen.getByRole('status').textContent;

/** Press a key; returns whether the browser is left to do what it does. */
function press(key: string, init: KeyboardEventInit = {}): boolean {
  return fireEvent.keyDown(field(), { key, ...init });
}

beforeEach(() => {
  jest.resetAllMocks();
});

describe('while the chat is loading, Enter', () => {
  it('sends what was typed once the chat is here', () => {
    const { rerender } = renderInPanel(<Bench blocked="loading" />);
    press('Enter');
    expect(onSend).not.toHaveBeenCalled();
    expect(hint()).toContain('as soon as it has loaded');
    rerender(<Bench />);
    expect(onSend).toHaveBeenCalledTimes(1);
    expect(onSend).toHaveBeenCalledWith('why?');
    expect(hint()).toBe('');
  });

  it('sends nothing that was changed since', () => {
    const { rerender } = renderInPanel(<Bench blocked="loading" />);
    press('Enter');
    fireEvent.change(field(), { target: { value: 'why not?' } });
    expect(hint()).toBe('');
    rerender(<Bench />);
    expect(onSend).not.toHaveBeenCalled();
  });

  it('says what is in the way then', () => {
    const { rerender } = renderInPanel(<Bench blocked="loading" />);
    press('Enter');
    rerender(<Bench blocked="no_profile" />);
    expect(onSend).not.toHaveBeenCalled();
    expect(hint()).toContain('Connect a model first');
  });
});

describe('Enter', () => {
  it('sends, and breaks no line', () => {
    renderInPanel(<Bench />);
    expect(press('Enter')).toBe(false);
    expect(onSend).toHaveBeenCalledWith('why?');
  });

  it('breaks the line with Shift or Alt', () => {
    renderInPanel(<Bench />);
    expect(press('Enter', { shiftKey: true })).toBe(true);
    expect(press('Enter', { altKey: true })).toBe(true);
    expect(onSend).not.toHaveBeenCalled();
  });

  it('breaks the line where Ctrl+Enter sends', () => {
    renderInPanel(<Bench />, { settings: { ...SETTINGS, enterSends: false } });
    expect(press('Enter')).toBe(true);
    expect(onSend).not.toHaveBeenCalled();
    press('Enter', { ctrlKey: true });
    press('Enter', { metaKey: true });
    expect(onSend).toHaveBeenCalledTimes(2);
  });

  it('sends nothing but white space', () => {
    renderInPanel(<Bench />);
    fireEvent.change(field(), { target: { value: ' \n ' } });
    press('Enter');
    expect(onSend).not.toHaveBeenCalled();
    expect(button().getAttribute('aria-disabled')).toBe('true');
  });

  it('keeps the draft while an answer is written, and says why until it is changed', () => {
    renderInPanel(<Bench isRunning blocked="running" />);
    press('Enter');
    expect(onSend).not.toHaveBeenCalled();
    expect(hint()).toContain('Your draft is kept');
    fireEvent.change(field(), { target: { value: 'why not?' } });
    expect(hint()).toBe('');
  });

  it('asks once what to do with the draft, does that, and remembers it', () => {
    const changeSetting = jest.fn();
    renderInPanel(<Bench isRunning blocked="running" />, { changeSetting });
    expect(screen.queryByRole('button', { name: 'Send it afterwards' })).toBeNull();
    press('Enter');
    fireEvent.click(screen.getByRole('button', { name: 'Send it afterwards' }));
    expect(onSendLater).toHaveBeenCalledWith('why?', 'queue');
    expect(changeSetting).toHaveBeenCalledWith('whileRunning', 'queue');
    expect(document.activeElement).toBe(field());
  });

  it.each(['queue', 'redirect'] as const)('does while an answer is written as chosen: %s', mode => {
    const changeSetting = jest.fn();
    const settings = { ...SETTINGS, whileRunning: mode };
    renderInPanel(<Bench isRunning blocked="running" />, { settings, changeSetting });
    press('Enter');
    expect(onSendLater).toHaveBeenCalledWith('why?', mode);
    expect(onSend).not.toHaveBeenCalled();
    expect(hint()).toBe('');
    const menu = screen.getByRole('combobox', { name: 'While an answer is being written' });
    expect((menu as HTMLSelectElement).value).toBe(mode);
    fireEvent.change(menu, { target: { value: 'ask' } });
    expect(changeSetting).toHaveBeenCalledWith('whileRunning', 'ask');
  });

  it('waits for nothing else than an answer', () => {
    const settings = { ...SETTINGS, whileRunning: 'queue' as const };
    renderInPanel(<Bench blocked="no_profile" />, { settings });
    press('Enter');
    expect(onSendLater).not.toHaveBeenCalled();
    expect(hint()).toContain('Connect a model first');
  });

  it('forgets the reason once it no longer holds', () => {
    const { rerender } = renderInPanel(<Bench isRunning blocked="running" />);
    press('Enter');
    rerender(<Bench />);
    expect(hint()).toBe('');
  });
});

describe('an input method', () => {
  // Safari ends the composition before the key event, whose code is then 229.
  it.each([{ isComposing: true }, { keyCode: 229 }])('keeps its keys: %j', key => {
    renderInPanel(<Bench isRunning />);
    expect(press('Enter', key)).toBe(true);
    expect(press('Escape', key)).toBe(true);
    expect(onSend).not.toHaveBeenCalled();
    expect(onStop).not.toHaveBeenCalled();
  });
});

describe('Escape', () => {
  it('stops an answer', () => {
    renderInPanel(<Bench isRunning />);
    press('Escape');
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  it('is left alone without one', () => {
    renderInPanel(<Bench />);
    expect(press('Escape')).toBe(true);
    expect(onStop).not.toHaveBeenCalled();
  });
});

describe('what is pasted', () => {
  const paste = (types: readonly string[], files: readonly File[], text = '') => {
    const event = new Event('paste', { bubbles: true, cancelable: true });
    return fireEvent(
      field(),
      Object.assign(event, { clipboardData: { types, files, getData: () => text } })
    );
  };

  it.each([
    ['a file where nothing can be attached', ['Files'], [new File(['a'], 'a.png')]],
    ['neither text nor a file', ['application/x-own'], []]
  ])('and cannot be taken is said: %s', (_, types, files) => {
    renderInPanel(<Bench />);
    paste(types, files);
    expect(hint()).toContain('Nothing was pasted');
  });

  it('as text goes into the field, whatever lies beside it', () => {
    renderInPanel(<Bench />);
    expect(paste(['text/plain', 'Files'], [new File(['a'], 'a.png')], 'text')).toBe(true);
    expect(hint()).toBe('');
  });
});

describe('a prompt of the user', () => {
  const settings = {
    ...SETTINGS,
    prompts: [
      { name: 'translate', text: 'Into {language}: {selection}' },
      { name: 'plain', text: 'Say it plainly.' },
      { name: '解释', text: '解释一下。' }
    ]
  };
  const options = () => screen.queryAllByRole('option').map(({ textContent }) => textContent);
  const type = (text: string) => fireEvent.change(field(), { target: { value: text } });
  const value = () => (field() as HTMLTextAreaElement).value;

  it('is offered where / begins the draft, and nowhere else', () => {
    renderInPanel(<Bench />, { settings });
    type('/');
    expect(options()).toHaveLength(3);
    type('/PL');
    expect(options()).toEqual(['/plainSay it plainly.']);
    type('/解');
    expect(options()).toEqual(['/解释解释一下。']);
    for (const text of ['a /', '/plain x', '/usr/bin', '/none']) {
      type(text);
      expect(options()).toEqual([]);
    }
  });

  it('is chosen by the arrow keys and Enter, which then sends nothing', async () => {
    renderInPanel(<Bench />, { settings });
    type('/');
    press('ArrowDown');
    const active = field().getAttribute('aria-activedescendant');
    expect(document.getElementById(active!)?.textContent).toContain('/plain');
    expect(press('Enter')).toBe(false);
    await waitFor(() => expect(value()).toBe('Say it plainly.'));
    expect(onSend).not.toHaveBeenCalled();
    press('Enter');
    expect(onSend).toHaveBeenCalledWith('Say it plainly.');
  });

  it('has its first open place selected, to be typed over', async () => {
    renderInPanel(<Bench />, { settings });
    type('/t');
    press('Tab');
    await waitFor(() => expect(value()).toBe('Into {language}: {selection}'));
    const selection = () => {
      const { selectionStart, selectionEnd } = field() as HTMLTextAreaElement;
      return [selectionStart, selectionEnd];
    };
    await waitFor(() => expect(selection()).toEqual([5, 15]));
  });

  it('is left alone after Escape, and Enter sends the text', () => {
    renderInPanel(<Bench isRunning={false} />, { settings });
    type('/plain');
    press('Escape');
    expect(options()).toEqual([]);
    press('Enter');
    expect(onSend).toHaveBeenCalledWith('/plain');
  });
});

describe('the button', () => {
  it('sends, then stops', () => {
    const { rerender } = renderInPanel(<Bench />);
    expect(button().dataset.action).toBe('send');
    fireEvent.click(button(), { detail: 1 });
    expect(onSend).toHaveBeenCalledTimes(1);
    rerender(<Bench isRunning />);
    expect(button().dataset.action).toBe('stop');
    expect(button().getAttribute('aria-label')).toBe('Stop the answer (Escape)');
    fireEvent.click(button(), { detail: 1 });
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  it('does not take the second click of a double click for a wish to stop', () => {
    const { rerender } = renderInPanel(<Bench />);
    fireEvent.click(button(), { detail: 1 });
    rerender(<Bench isRunning />);
    fireEvent.click(button(), { detail: 2 });
    expect(onStop).not.toHaveBeenCalled();
  });

  it('stops by the keyboard, whose clicks count nothing', () => {
    renderInPanel(<Bench isRunning />);
    fireEvent.click(button(), { detail: 0 });
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  it('says that the answer is being stopped', () => {
    renderInPanel(<Bench isRunning isStopping />);
    expect(button().getAttribute('aria-label')).toBe('Stopping…');
    expect(button().getAttribute('aria-disabled')).toBe('true');
  });
});

describe('The pause button', () => {
  const pause = () => screen.getByRole('button', { name: /the answer$/ });

  it.each([
    ['pause', 'Pause the answer'],
    ['resume', 'Resume the answer']
  ] as const)('offers to %s', (action, name) => {
    renderInPanel(<Bench isRunning pauseAction={action} />);
    expect(pause().getAttribute('aria-label')).toBe(name);
    fireEvent.click(pause());
    expect(onPause).toHaveBeenCalledTimes(1);
  });

  it('is not there when nothing can be paused', () => {
    renderInPanel(<Bench />);
    expect(screen.queryByRole('button', { name: /the answer$/ })).toBeNull();
  });
});
