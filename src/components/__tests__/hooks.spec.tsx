import { act, fireEvent, render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { useRef } from 'react';
import { useKeepToEnd, useSignal } from '../hooks';

let resized: (entries?: ResizeObserverEntry[]) => void;

beforeAll(() => {
  window.ResizeObserver = class {
    constructor(callback: ResizeObserverCallback) {
      resized = (entries = []) => callback(entries, this);
    }
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
});

describe('useKeepToEnd', () => {
  /** A list of 100 pixels' height that shows whether it is at its end. */
  function List({ hasEnd, isChanging }: { hasEnd: boolean; isChanging: boolean }): JSX.Element {
    const scroller = useRef<HTMLDivElement>(null);
    const content = useRef<HTMLDivElement>(null);
    const { isAway, goToEnd } = useKeepToEnd(scroller, content, hasEnd, isChanging);
    return (
      <div ref={scroller} data-testid="scroller">
        <div ref={content}>
          <article data-testid="message" />
        </div>
        <button onClick={goToEnd}>{isAway ? 'jump' : 'at the end'}</button>
      </div>
    );
  }

  /** jsdom lays nothing out: the test says how high the content is. */
  function makeList({ hasEnd = true, isChanging = false } = {}): {
    scroller: HTMLElement;
    /** The panel changes its height. */
    resize: (height: number) => void;
    /** The content grows, which the page does not know yet. */
    add: (height: number) => void;
    /** The content grows, and the page is laid out. */
    grow: (height: number) => void;
  } {
    render(<List hasEnd={hasEnd} isChanging={isChanging} />);
    const scroller = screen.getByTestId('scroller');
    let height = 0;
    let room = 100;
    let top = 0;
    Object.defineProperty(scroller, 'clientHeight', { get: () => room });
    Object.defineProperty(scroller, 'scrollHeight', { get: () => height });
    // As in a browser, no position lies behind the end.
    Object.defineProperty(scroller, 'scrollTop', {
      get: () => Math.max(0, Math.min(top, height - room)),
      set: value => {
        top = value;
        top = scroller.scrollTop;
      }
    });
    const add = (added: number) => {
      height += added;
    };
    const grow = (added: number) => {
      add(added);
      act(() => resized());
    };
    const resize = (changed: number) => {
      room = changed;
      act(() => resized([{ target: scroller } as unknown as ResizeObserverEntry]));
    };
    act(() => resized([{ target: scroller } as unknown as ResizeObserverEntry]));
    return { scroller, add, grow, resize };
  }

  function scrollTo(scroller: HTMLElement, top: number): void {
    scroller.scrollTop = top;
    fireEvent.scroll(scroller);
  }

  it('follows what grows', () => {
    const { scroller, grow } = makeList();
    grow(300);
    expect(scroller.scrollTop).toBe(200);
    grow(50);
    expect(scroller.scrollTop).toBe(250);
  });

  it('lets a reader who scrolled up be, and offers the way back', () => {
    const { scroller, grow } = makeList();
    grow(1000);
    scrollTo(scroller, 400);
    grow(500);
    expect(scroller.scrollTop).toBe(400);
    fireEvent.click(screen.getByText('jump'));
    expect(scroller.scrollTop).toBe(1400);
    grow(20);
    expect(scroller.scrollTop).toBe(1420);
    expect(screen.queryByText('at the end')).not.toBeNull();
  });

  it('follows again once the reader is back near the end', () => {
    const { scroller, grow } = makeList();
    grow(1000);
    scrollTo(scroller, 400);
    scrollTo(scroller, 890);
    grow(100);
    expect(scroller.scrollTop).toBe(1000);
  });

  it('keeps what the reader sees where it is when something is added above', () => {
    const { scroller, add, grow } = makeList();
    grow(1000);
    // Where the message is in the list; what is in view of it follows from that.
    let top = 390;
    const message = screen.getByTestId('message');
    message.getBoundingClientRect = () => {
      const y = top - scroller.scrollTop;
      return { top: y, bottom: y + 50 } as DOMRect;
    };
    scrollTo(scroller, 400);
    top += 700;
    grow(700);
    expect(scroller.scrollTop).toBe(1100);
    grow(300);
    expect(scroller.scrollTop).toBe(1100);
    // Laid out and scrolled in one frame: the event comes first.
    top += 200;
    add(200);
    scrollTo(scroller, 1080);
    expect(scroller.scrollTop).toBe(1280);
    // The same, and the event comes last.
    scroller.scrollTop = 1270;
    top += 30;
    grow(30);
    fireEvent.scroll(scroller);
    expect(scroller.scrollTop).toBe(1300);
  });

  it('does not keep to an end behind which there is more', () => {
    const { scroller, grow } = makeList({ hasEnd: false });
    grow(1000);
    scrollTo(scroller, 400);
    scrollTo(scroller, 900);
    grow(500);
    expect(scroller.scrollTop).toBe(900);
    expect(screen.queryByText('jump')).not.toBeNull();
  });

  it('takes nobody back who scrolled up in the frame in which text grows', () => {
    const { scroller, grow } = makeList();
    grow(1000);
    scroller.scrollTop = 400;
    grow(50);
    expect(scroller.scrollTop).toBe(400);
    fireEvent.scroll(scroller);
    grow(50);
    expect(scroller.scrollTop).toBe(400);
    expect(screen.queryByText('jump')).not.toBeNull();
  });

  it('does not take text that grew before the event for scrolling up', () => {
    const { scroller, add, grow } = makeList();
    grow(300);
    add(400);
    scrollTo(scroller, 200);
    act(() => resized());
    expect(scroller.scrollTop).toBe(600);
  });

  describe('while an answer is written', () => {
    it('stays at the end when replaced content has clamped the position', () => {
      const { scroller, add, grow } = makeList({ isChanging: true });
      grow(1000);
      add(-300);
      scroller.scrollTop += 0;
      add(300);
      expect(scroller.scrollTop).toBe(600);
      fireEvent.scroll(scroller);
      expect(scroller.scrollTop).toBe(900);
      add(-300);
      scroller.scrollTop += 0;
      grow(350);
      expect(scroller.scrollTop).toBe(950);
      expect(screen.queryByText('jump')).toBeNull();
    });

    it.each<[string, (scroller: HTMLElement) => void]>([
      ['the wheel', scroller => fireEvent.wheel(scroller, { deltaY: -1 })],
      ['a key', scroller => fireEvent.keyDown(scroller, { key: 'ArrowUp' })],
      ['Shift and space', scroller => fireEvent.keyDown(scroller, { key: ' ', shiftKey: true })],
      [
        'a finger',
        scroller => {
          fireEvent.touchStart(scroller, { touches: [{ clientY: 10 }] });
          fireEvent.touchMove(scroller, { touches: [{ clientY: 12 }] });
        }
      ],
      ['the scrollbar', scroller => fireEvent.pointerDown(scroller)]
    ])('lets go of the end at the first pixel by %s', (_, act) => {
      const { scroller, grow } = makeList({ isChanging: true });
      grow(1000);
      act(scroller);
      scrollTo(scroller, 899);
      grow(10);
      scrollTo(scroller, 898);
      grow(10);
      expect(scroller.scrollTop).toBe(898);
      expect(screen.queryByText('jump')).toBeNull();
      grow(100);
      expect(screen.queryByText('jump')).not.toBeNull();
      scrollTo(scroller, 1015);
      grow(100);
      expect(scroller.scrollTop).toBe(1120);
    });

    it.each<[string, (message: HTMLElement) => void]>([
      [
        'the wheel over what scrolls by itself',
        message => fireEvent.wheel(message, { deltaY: -1 })
      ],
      [
        'a key in a field',
        message => fireEvent.keyDown(message.firstElementChild!, { key: 'Home' })
      ],
      [
        'a change of the zoom',
        message => fireEvent.wheel(message.parentElement!, { deltaY: -1, ctrlKey: true })
      ]
    ])('does not let go of the end by %s', (_, act) => {
      const { scroller, grow } = makeList({ isChanging: true });
      grow(1000);
      const message = screen.getByTestId('message');
      message.style.overflowY = 'auto';
      message.scrollTop = 50;
      message.append(document.createElement('textarea'));
      act(message);
      grow(10);
      expect(scroller.scrollTop).toBe(910);
    });

    it('offers no way to an end that has come into view with the panel, and keeps to it', () => {
      const { scroller, grow, resize } = makeList({ isChanging: true });
      grow(1000);
      fireEvent.wheel(scroller, { deltaY: -100 });
      scrollTo(scroller, 800);
      expect(screen.queryByText('jump')).not.toBeNull();
      resize(300);
      expect(screen.queryByText('jump')).toBeNull();
      grow(50);
      expect(scroller.scrollTop).toBe(750);
    });
  });
});

describe('useSignal', () => {
  it('renders anew for each signal until it leaves the page', () => {
    const signal = new Signal<object, void>({});
    let value = 1;
    function Value(): JSX.Element {
      useSignal(signal);
      return <p>{value}</p>;
    }
    const { container, unmount } = render(<Value />);
    value = 2;
    act(() => signal.emit());
    expect(container.textContent).toBe('2');
    unmount();
    expect(() => signal.emit()).not.toThrow();
  });
});
