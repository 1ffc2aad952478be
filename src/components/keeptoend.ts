/**
 * Keeps a scrolling element at its end while its content grows, unless the reader scrolled up; then keeps what the
 * reader sees where it is, whatever is added, removed or laid out above it.
 *
 * The content is watched by a ResizeObserver, which reports after the layout that the browser does anyway: growing
 * text forces none. While content is replaced, the browser clamps the scroll position, and its event looks as if the
 * reader had scrolled up. So only the wheel, a touch, a key or the scrollbar lets go of the end.
 */

/** How far from the end, in pixels, a reader who scrolls down is taken to the end, and the end counts as in view. */
const NEAR_END = 24;

const UP_KEYS: ReadonlySet<string> = new Set(['ArrowUp', 'PageUp', 'Home']);
const DOWN_KEYS: ReadonlySet<string> = new Set(['ArrowDown', 'PageDown', 'End']);

export interface IKeepToEndOptions {
  readonly scroller: HTMLElement;
  readonly content: HTMLElement;
  /** Whether the end of the content is the end of all there is. */
  readonly hasEnd: () => boolean;
  /** Whether an answer is being written, so that content may be replaced at any time. */
  readonly isChanging: () => boolean;
  /** Called with whether the way to the end is to be offered. */
  readonly onAway: (isAway: boolean) => void;
}

export class KeepToEnd {
  constructor(private readonly _options: IKeepToEndOptions) {}

  /** Listen until the returned function is called. */
  listen(): () => void {
    const { scroller, content } = this._options;
    const listening = new AbortController();
    const options = { passive: true, signal: listening.signal };
    scroller.addEventListener('scroll', () => this._onScroll(), options);
    scroller.addEventListener('wheel', event => this._onWheel(event), options);
    scroller.addEventListener('keydown', event => this._onKey(event), options);
    scroller.addEventListener('touchstart', event => this._onTouch(event), options);
    scroller.addEventListener('touchmove', event => this._onTouch(event), options);
    scroller.addEventListener('pointerdown', event => this._onPress(event), options);
    for (const name of ['pointerup', 'pointercancel', 'pointermove'] as const) {
      window.addEventListener(name, event => this._onRelease(event), options);
    }
    const observer = new ResizeObserver(entries => {
      this.keep();
      if (entries.some(({ target }) => target === scroller)) {
        this._onPanelResized();
      }
      this._tell();
    });
    observer.observe(content);
    observer.observe(scroller);
    return () => {
      listening.abort();
      observer.disconnect();
    };
  }

  /** Go to the end and stay there. */
  goToEnd(): void {
    this._isPinned = true;
    this._place = null;
    this._moveToEnd();
    this._tell();
  }

  /** Stay where a node is from now on. */
  stayAt(node: Element): void {
    this._isPinned = false;
    this._place = { node, top: topOf(node, this._options.scroller) };
  }

  /** Keep the end, or else what the reader sees, in place. Called after each change of the content. */
  keep(): void {
    const { scroller } = this._options;
    if (this._isPinned) {
      if (!this._isScrolledAway()) {
        this._moveToEnd();
      }
      return;
    }
    if (this._place?.node.isConnected) {
      // What the reader has scrolled since is the reader's; the rest was laid out above.
      const { node, top } = this._place;
      const expected = top - (scroller.scrollTop - this._lastTop);
      const moved = topOf(node, scroller) - expected;
      if (moved !== 0) {
        scroller.scrollTop += moved;
      }
      this._place = { node, top: expected };
    }
    this._remember();
  }

  private _onScroll(): void {
    const { scroller, content, hasEnd } = this._options;
    const moved = scroller.scrollTop - this._lastTop;
    if (this._isPinned && this._isScrolledAway()) {
      this._isPinned = false;
    } else if (this._isPinned) {
      if (moved < 0) {
        this._moveToEnd();
      }
    } else {
      this.keep();
      this._isPinned = moved > 0 && distanceToEnd(scroller) <= NEAR_END && hasEnd();
    }
    this._remember();
    this._place = this._isPinned ? null : placeOf(content, scroller);
    this._tell();
  }

  /** Whether the position is one to which the reader scrolled up; the event that tells it may be on its way. */
  private _isScrolledAway(): boolean {
    const { scroller, isChanging } = this._options;
    if (scroller.scrollTop >= this._lastTop || distanceToEnd(scroller) < 1) {
      return false;
    }
    // Where nothing is replaced, a search or a screen reader has scrolled.
    return this._isDragging || (!isChanging() && scroller.scrollHeight >= this._lastHeight);
  }

  private _onWheel(event: WheelEvent): void {
    if (!event.ctrlKey) {
      this._onWish(event.deltaY, event.target);
    }
  }

  private _onKey(event: KeyboardEvent): void {
    const { key, shiftKey, target } = event;
    const isTyping =
      target instanceof Element && target.closest('textarea, input, select, [contenteditable]');
    // The space bar presses a button that has the focus.
    const isPressing =
      key === ' ' && target instanceof Element && target.closest('button, summary, a');
    if (isTyping || isPressing || event.defaultPrevented) {
      return;
    }
    if (UP_KEYS.has(key) || (key === ' ' && shiftKey)) {
      this._onWish(-1, target);
    } else if (DOWN_KEYS.has(key) || key === ' ') {
      this._onWish(1, target);
    }
  }

  private _onTouch({ touches, target }: TouchEvent): void {
    const y = touches[0].clientY;
    if (this._touched !== null && touches.length === 1) {
      this._onWish(this._touched - y, target);
    }
    this._touched = y;
  }

  /** The scrollbar belongs to the element itself; the middle button scrolls from anywhere. */
  private _onPress({ target, button }: PointerEvent): void {
    this._touched = null;
    this._isDragging = target === this._options.scroller || button === 1;
  }

  private _onRelease({ type, buttons }: PointerEvent): void {
    if (type !== 'pointermove' || buttons === 0) {
      this._isDragging = false;
    }
  }

  /** The reader scrolls: up is below 0. The first pixel counts. */
  private _onWish(direction: number, target: EventTarget | null): void {
    const { scroller, content, hasEnd } = this._options;
    if (direction === 0 || scrollsInside(target, scroller, direction)) {
      return;
    }
    if (direction < 0 && this._isPinned && scroller.scrollTop > 0) {
      this._isPinned = false;
      this._remember();
      this._place = placeOf(content, scroller);
    } else if (direction > 0 && !this._isPinned && distanceToEnd(scroller) < 1 && hasEnd()) {
      this._isPinned = true;
    }
  }

  /** The end has come into view because there is more room. */
  private _onPanelResized(): void {
    const { scroller, hasEnd } = this._options;
    const { clientHeight } = scroller;
    const hasGrown = clientHeight > this._lastRoom;
    this._lastRoom = clientHeight;
    if (hasGrown && !this._isPinned && distanceToEnd(scroller) < 1 && hasEnd()) {
      this._isPinned = true;
      this._place = null;
    }
  }

  private _moveToEnd(): void {
    const { scroller } = this._options;
    scroller.scrollTop = scroller.scrollHeight;
    this._remember();
  }

  private _remember(): void {
    const { scroller } = this._options;
    this._lastTop = scroller.scrollTop;
    this._lastHeight = scroller.scrollHeight;
  }

  private _tell(): void {
    const { scroller, hasEnd, onAway } = this._options;
    onAway(!this._isPinned && !(hasEnd() && distanceToEnd(scroller) <= NEAR_END));
  }

  private _isPinned = true;
  private _isDragging = false;
  private _touched: number | null = null;
  private _lastTop = 0;
  private _lastHeight = 0;
  private _lastRoom = 0;
  private _place: IPlace | null = null;
}

function distanceToEnd({ scrollHeight, clientHeight, scrollTop }: HTMLElement): number {
  return scrollHeight - clientHeight - scrollTop;
}

/** Whether something inside, which scrolls by itself, takes the reader's step. */
function scrollsInside(
  target: EventTarget | null,
  scroller: HTMLElement,
  direction: number
): boolean {
  for (
    let node = target instanceof Element ? target : null;
    node && node !== scroller;
    node = node.parentElement
  ) {
    const room =
      direction < 0 ? node.scrollTop : node.scrollHeight - node.clientHeight - node.scrollTop;
    if (room >= 1 && ['auto', 'scroll'].includes(getComputedStyle(node).overflowY)) {
      return true;
    }
  }
  return false;
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
