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
 * Keep a scrolling element at its end while its content grows, unless the reader scrolled up; then keep what the
 * reader sees where it is, whatever is added, removed or laid out above it.
 *
 * The content is watched by a ResizeObserver, which reports after the layout that the browser does
 * anyway: growing text forces none.
 *
 * @param hasEnd - the end of the content is the end of all there is.
 * @returns whether the end is in view; a function that goes there; one to call after a change of the content; one
 * that says where the reader is from now on.
 */
export function useKeepToEnd(
  scroller: RefObject<HTMLElement>,
  content: RefObject<HTMLElement>,
  hasEnd = true
): [boolean, () => void, () => void, (node: Element) => void] {
  const [atEnd, setAtEnd] = useState(true);
  const pinned = useRef(true);
  const lastTop = useRef(0);
  const place = useRef<IPlace | null>(null);
  const reachesEnd = useRef(hasEnd);
  reachesEnd.current = hasEnd;

  const goToEnd = useCallback(() => {
    const element = scroller.current;
    pinned.current = true;
    setAtEnd(true);
    if (element) {
      element.scrollTop = element.scrollHeight;
      lastTop.current = element.scrollTop;
    }
  }, [scroller]);

  const keepPlace = useCallback(() => {
    const element = scroller.current;
    if (element) {
      if (pinned.current) {
        if (element.scrollTop < lastTop.current && !isNearEnd(element)) {
          // The reader has just scrolled up; the event that tells it is on its way.
          return;
        }
        element.scrollTop = element.scrollHeight;
      } else if (place.current?.node.isConnected) {
        // What the reader has scrolled since is the reader's; the rest was laid out above.
        const { node, top } = place.current;
        const expected = top - (element.scrollTop - lastTop.current);
        element.scrollTop += topOf(node, element) - expected;
        place.current = { node, top: expected };
      }
      lastTop.current = element.scrollTop;
    }
  }, [scroller]);

  const stayAt = useCallback(
    (node: Element) => {
      if (scroller.current) {
        pinned.current = false;
        place.current = { node, top: topOf(node, scroller.current) };
      }
    },
    [scroller]
  );

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) {
      return;
    }
    const onScroll = () => {
      const byReader = element.scrollTop - lastTop.current;
      if (!pinned.current) {
        keepPlace();
      }
      // Only the reader scrolls upwards; content that grew before this event was handled does not.
      if (isNearEnd(element) && reachesEnd.current) {
        pinned.current = true;
      } else if (byReader < 0) {
        pinned.current = false;
      }
      lastTop.current = element.scrollTop;
      place.current = pinned.current ? null : placeOf(inner, element);
      setAtEnd(pinned.current);
    };
    const observer = new ResizeObserver(keepPlace);
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller, content, keepPlace]);

  return [atEnd, goToEnd, keepPlace, stayAt];
}

function isNearEnd({ scrollHeight, clientHeight, scrollTop }: HTMLElement): boolean {
  return scrollHeight - clientHeight - scrollTop <= NEAR_END;
}

/** Something that the reader sees, and how far below the upper edge. */
interface IPlace {
  readonly node: Element;
  readonly top: number;
}

/** The first child of the content that is in view. */
function placeOf(content: HTMLElement, scroller: HTMLElement): IPlace | null {
  const edge = scroller.getBoundingClientRect().top;
  const node = [...content.children].find(
    child => child.tagName === 'ARTICLE' && child.getBoundingClientRect().bottom > edge
  );
  return node ? { node, top: topOf(node, scroller) } : null;
}

function topOf(node: Element, scroller: HTMLElement): number {
  return node.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}
