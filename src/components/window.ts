/**
 * Which of a chat's messages are on the page: a window that moves with the reader, so that a chat of any length
 * costs what a screen costs.
 *
 * Owns the window's ends. It begins as the last messages, grows towards where the reader scrolls, and lets go at
 * its other end.
 */
import { RefObject, useEffect, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';

/** Messages that fill a screen: what is shown first. */
const SCREEN = 20;
/** Messages by which the window grows. */
const PAGE = 100;
/** The most messages in it. */
const MOST = 300;
/** How far before its end, in pixels, the window grows. */
const AHEAD = 1000;
/** The first screen is not made to wait for what is above it. */
const FIRST_SCREEN_MS = 300;

/** The messages at both ends, by id; null: the chat's last ones. */
export interface IWindow {
  readonly first: string | null;
  readonly last: string | null;
}

export const LATEST: IWindow = { first: null, last: null };

/** Where in the list a window begins and ends; the end is exclusive. */
export function rangeOf(ids: readonly string[], { first, last }: IWindow): [number, number] {
  const end = indexOf(ids, last, ids.length - 1) + 1;
  const start = indexOf(ids, first, -1);
  const isThere = start >= 0 && start < end;
  return [Math.max(isThere ? start : end - SCREEN, end - MOST, 0), end];
}

/** The window with more messages at its beginning. */
export function grownUp(ids: readonly string[], window: IWindow): IWindow {
  const [start, end] = rangeOf(ids, window);
  const first = Math.max(0, start - PAGE);
  return between(ids, first, Math.min(end, first + MOST));
}

/** The window with more messages at its end. */
export function grownDown(ids: readonly string[], window: IWindow): IWindow {
  const [start, end] = rangeOf(ids, window);
  const last = Math.min(ids.length, end + PAGE);
  return between(ids, Math.max(start, last - MOST), last);
}

/** The window around a message. */
export function around(ids: readonly string[], id: string): IWindow {
  const at = ids.indexOf(id);
  return between(ids, Math.max(0, at - SCREEN), Math.min(ids.length, at + MOST - SCREEN));
}

function between(ids: readonly string[], start: number, end: number): IWindow {
  return { first: ids[start] ?? null, last: end === ids.length ? null : ids[end - 1] };
}

function indexOf(ids: readonly string[], id: string | null, otherwise: number): number {
  const index = id === null ? -1 : ids.indexOf(id);
  return index < 0 ? otherwise : index;
}

/** What `useWindow` returns. */
interface IWindowed {
  readonly shown: readonly Message[];
  /** The message of another branch to which the reader has just gone. */
  readonly navigation: string | undefined;
  /** There are messages above, here or on the server. */
  readonly hasAbove: boolean;
  /** There are messages below. */
  readonly hasBelow: boolean;
  showAbove(): void;
  showLatest(): void;
  /** What stands above and below the messages: the window grows when they come near. */
  readonly above: RefObject<HTMLButtonElement>;
  readonly below: RefObject<HTMLDivElement>;
}

/** Keep to a window of a chat's messages; it grows when either end comes near in the scrolling element. */
export function useWindow(chat: ChatModel, scroller: RefObject<HTMLElement>): IWindowed {
  const [window, setWindow] = useState(LATEST);
  const above = useRef<HTMLButtonElement>(null);
  const below = useRef<HTMLDivElement>(null);
  const { messages, hasMore } = chat;
  const ids = messages.map(({ message_id }) => message_id);
  const [start, end] = rangeOf(ids, window);

  const navigation = ids.find(id => chat.branches.navigation(id) !== null);
  if (navigation !== undefined && !ids.slice(start, end).includes(navigation)) {
    // React renders again at once: https://react.dev/reference/react/useState#storing-information-from-previous-renders
    setWindow(around(ids, navigation));
  }

  const showAbove = () => {
    if (start > 0) {
      setWindow(grownUp(ids, window));
    } else {
      void chat.loadOlder();
    }
  };
  const showBelow = () => setWindow(grownDown(ids, window));
  const grow = useRef({ showAbove, showBelow });
  grow.current = { showAbove, showBelow };

  const isAfterFirstScreen = useDelay(FIRST_SCREEN_MS);
  const { length } = messages;
  useEffect(() => {
    if (!isAfterFirstScreen) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        const near = entries.filter(({ isIntersecting }) => isIntersecting);
        if (near.some(({ target }) => target === above.current)) {
          grow.current.showAbove();
        } else if (near.length > 0) {
          grow.current.showBelow();
        }
      },
      { root: scroller.current, rootMargin: `${AHEAD}px 0px` }
    );
    [above, below].forEach(({ current }) => current && observer.observe(current));
    return () => observer.disconnect();
    // What is observed anew reports where it is: the window grows until its ends are far enough away.
  }, [isAfterFirstScreen, scroller, window, length, hasMore]);

  return {
    shown: messages.slice(start, end),
    navigation,
    hasAbove: start > 0 || hasMore,
    hasBelow: end < length,
    showAbove,
    showLatest: () => setWindow(LATEST),
    above,
    below
  };
}

function useDelay(milliseconds: number): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return isOver;
}
