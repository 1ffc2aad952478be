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
  function List(): JSX.Element {
    const scroller = useRef<HTMLDivElement>(null);
    const content = useRef<HTMLDivElement>(null);
    const [atEnd, goToEnd] = useKeepToEnd(scroller, content);
    return (
      <div ref={scroller} data-testid="scroller">
        <div ref={content} />
        <button onClick={goToEnd}>{atEnd ? 'at the end' : 'jump'}</button>
      </div>
    );
  }

  /** jsdom lays nothing out: the test says how high the content is. */
  function makeList(): {
    scroller: HTMLElement;
    /** The content grows, which the page does not know yet. */
    add: (height: number) => void;
    /** The content grows, and the page is laid out. */
    grow: (height: number) => void;
  } {
    render(<List />);
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
