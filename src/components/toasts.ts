/**
 * Room for JupyterLab's notifications: while one lies over the panel, the panel ends above it.
 */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';

const PLACE = 'react-toastify-container';
const CONTAINER = '.Toastify__toast-container';
const TOAST = '.Toastify__toast';
/** The composer and some text stay in view, however many notifications there are. */
const LEAST_HEIGHT = 200;

/** Keep an element's content clear of notifications, by a padding at its end. */
export function keepClearOfToasts(node: HTMLElement): IDisposable {
  const makeRoom = (): void => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    const covered = [...document.querySelectorAll(CONTAINER)]
      .filter(container => container.querySelector(TOAST))
      .map(container => container.getBoundingClientRect())
      .filter(
        toast =>
          toast.left < right && toast.right > left && toast.top < bottom && toast.bottom > top
      )
      .map(toast => bottom - toast.top);
    const most = Math.max(0, bottom - top - LEAST_HEIGHT);
    const room = Math.min(most, Math.max(0, ...covered));
    node.style.paddingBottom = room > 0 ? `${Math.ceil(room)}px` : '';
  };
  const sizes = new ResizeObserver(makeRoom);
  sizes.observe(node);
  const inToasts = new MutationObserver(() => look());
  const inPage = new MutationObserver(() => look());
  const look = (): void => {
    // JupyterLab makes the place of notifications with the first one.
    const place = document.getElementById(PLACE);
    if (place) {
      inPage.disconnect();
      inToasts.observe(place, { childList: true, subtree: true });
    }
    document.querySelectorAll(CONTAINER).forEach(container => sizes.observe(container));
    makeRoom();
  };
  inPage.observe(document.body, { childList: true });
  look();
  return new DisposableDelegate(() => {
    sizes.disconnect();
    inToasts.disconnect();
    inPage.disconnect();
    node.style.paddingBottom = '';
  });
}
