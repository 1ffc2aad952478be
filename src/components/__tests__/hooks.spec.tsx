import { act, fireEvent, render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { useRef } from 'react';
import { useKeepToEnd, useSignal } from '../hooks';

let resized: () => void;

beforeAll(() => {
  window.ResizeObserver = class {
    constructor(callback: ResizeObserverCallback) {
      resized = () => callback([], this);
    }
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
});

describe('useKeepToEnd', () => {
  /** A list of 100 pixels' height that shows whether it is at its end. */
  function List({ hasEnd = true }: { hasEnd?: boolean }): JSX.Element {
    const scroller = useRef<HTMLDivElement>(null);
    const content = useRef<HTMLDivElement>(null);
    const [atEnd, goToEnd] = useKeepToEnd(scroller, content, hasEnd);
    return (
      <div ref={scroller} data-testid="scroller">
        <div ref={content}>
          <article data-testid="message" />
        </div>
        <button onClick={goToEnd}>{atEnd ? 'at the end' : 'jump'}</button>
      </div>
    );
  }

  /** jsdom lays nothing out: the test says how high the content is. */
  function makeList(hasEnd = true): {
    scroller: HTMLElement;
    /** The content grows, which the page does not know yet. */
    add: (height: number) => void;
    /** The content grows, and the page is laid out. */
    grow: (height: number) => void;
  } {
    render(<List hasEnd={hasEnd} />);
    const scroller = screen.getByTestId('scroller');
    let height = 0;
    Object.defineProperty(scroller, 'clientHeight', { get: () => 100 });
    Object.defineProperty(scroller, 'scrollHeight', { get: () => height });
    const add = (added: number) => {
      height += added;
    };
    const grow = (added: number) => {
      add(added);
      act(() => resized());
    };
    return { scroller, add, grow };
  }

  function scrollTo(scroller: HTMLElement, top: number): void {
    scroller.scrollTop = top;
    fireEvent.scroll(scroller);
  }

  it('follows what grows', () => {
    const { scroller, grow } = makeList();
    grow(300);
    expect(scroller.scrollTop).toBe(300);
    grow(50);
    expect(scroller.scrollTop).toBe(350);
  });

  it('lets a reader who scrolled up be, and offers the way back', () => {
    const { scroller, grow } = makeList();
    grow(1000);
    scrollTo(scroller, 400);
    grow(500);
    expect(scroller.scrollTop).toBe(400);
    fireEvent.click(screen.getByText('jump'));
    expect(scroller.scrollTop).toBe(1500);
    grow(20);
    expect(scroller.scrollTop).toBe(1520);
    expect(screen.queryByText('at the end')).not.toBeNull();
  });

  it('follows again once the reader is back near the end', () => {
    const { scroller, grow } = makeList();
    grow(1000);
    scrollTo(scroller, 400);
    scrollTo(scroller, 890);
    grow(100);
    expect(scroller.scrollTop).toBe(1100);
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
    const { scroller, grow } = makeList(false);
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
    scrollTo(scroller, 300);
    act(() => resized());
    expect(scroller.scrollTop).toBe(700);
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
