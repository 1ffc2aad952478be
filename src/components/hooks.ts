/**
 * React hooks of the panel: signals as state, and a list that keeps to its end.
 */
import type { ISignal } from '@lumino/signaling';
import {
  RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useReducer,
  useRef,
  useState
} from 'react';

/** Render again whenever the signal is emitted. */
export function useSignal<T, U>(signal: ISignal<T, U>): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    signal.connect(render);
    // What was emitted between the rendering and this effect would be missed.
    render();
    return () => {
      signal.disconnect(render);
    };
  }, [signal]);
}

/**
 * Take an element out of reach while something covers it. Afterwards the focus goes back to where it was, or
 * else to the composer.
 */
export function useCovered(covered: RefObject<HTMLElement>, isCovered: boolean): void {
  useLayoutEffect(() => {
    const node = covered.current;
    if (!isCovered || !node) {
      return;
    }
    const { activeElement } = document;
    const opener = activeElement instanceof HTMLElement ? activeElement : null;
    node.inert = true;
    return () => {
      node.inert = false;
      const isThere = opener?.isConnected && opener !== document.body;
      (isThere ? opener : node.querySelector<HTMLElement>('.jp-StreamChat-input'))?.focus();
    };
  }, [covered, isCovered]);
}

/** How far from the end, in pixels, still counts as being there. */
const NEAR_END = 24;

/**
 * Keep a scrolling element at its end while its content grows, unless the reader scrolled up.
 *
 * The content is watched by a ResizeObserver, which reports after the layout that the browser does
 * anyway: growing text forces none.
 *
 * @returns whether the end is in view, and a function that goes there.
 */
export function useKeepToEnd(
  scroller: RefObject<HTMLElement>,
  content: RefObject<HTMLElement>
): [boolean, () => void] {
  const [atEnd, setAtEnd] = useState(true);
  const pinned = useRef(true);
  const lastTop = useRef(0);

  const goToEnd = useCallback(() => {
    const element = scroller.current;
    pinned.current = true;
    setAtEnd(true);
    if (element) {
      element.scrollTop = element.scrollHeight;
      lastTop.current = element.scrollTop;
    }
  }, [scroller]);

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) {
      return;
    }
    const onScroll = () => {
      const isNear = element.scrollHeight - element.clientHeight - element.scrollTop <= NEAR_END;
      // Only the reader scrolls upwards; content that grew before this event was handled does not.
      if (isNear) {
        pinned.current = true;
      } else if (element.scrollTop < lastTop.current) {
        pinned.current = false;
      }
      lastTop.current = element.scrollTop;
      setAtEnd(pinned.current);
    };
    const observer = new ResizeObserver(() => {
      if (pinned.current) {
        element.scrollTop = element.scrollHeight;
        lastTop.current = element.scrollTop;
      }
    });
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller, content]);

  return [atEnd, goToEnd];
}
