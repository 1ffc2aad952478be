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
import { KeepToEnd } from './keeptoend';

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

/** What `useKeepToEnd` returns. */
interface IKept {
  /** The end is neither kept nor in view. */
  readonly isAway: boolean;
  goToEnd(): void;
  /** To be called after a change of the content. */
  keepPlace(): void;
  /** Say where the reader is from now on. */
  stayAt(node: Element): void;
}

/**
 * Keep a scrolling element at its end, see `KeepToEnd`.
 *
 * @param hasEnd - the end of the content is the end of all there is.
 * @param isChanging - an answer is being written.
 */
export function useKeepToEnd(
  scroller: RefObject<HTMLElement>,
  content: RefObject<HTMLElement>,
  hasEnd = true,
  isChanging = false
): IKept {
  const [isAway, setAway] = useState(false);
  const state = useRef({ hasEnd, isChanging });
  state.current = { hasEnd, isChanging };
  const keeper = useRef<KeepToEnd | null>(null);

  // Before the effects of the list, which use it.
  useLayoutEffect(() => {
    if (!scroller.current || !content.current) {
      return;
    }
    keeper.current = new KeepToEnd({
      scroller: scroller.current,
      content: content.current,
      hasEnd: () => state.current.hasEnd,
      isChanging: () => state.current.isChanging,
      onAway: setAway
    });
    return keeper.current.listen();
  }, [scroller, content]);

  const goToEnd = useCallback(() => keeper.current?.goToEnd(), []);
  const keepPlace = useCallback(() => keeper.current?.keep(), []);
  const stayAt = useCallback((node: Element) => keeper.current?.stayAt(node), []);
  return { isAway, goToEnd, keepPlace, stayAt };
}
