/**
 * Icons of the panel that JupyterLab has not already.
 */
import { LabIcon } from '@jupyterlab/ui-components';

/** The panel's tab and launcher card: a speech bubble with text streaming in. */
export const chatIcon = new LabIcon({
  name: 'jupyter-stream-chat:chat',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4.5V17a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v10h2v2.2L8.3 15H20V5z"/>
  <path class="jp-icon3" fill="#616161" d="M6.5 7.2h11v1.6h-11zm0 3.6h7v1.6h-7z"/>
</svg>`
});

/** Ask about this: a speech bubble with a question mark. */
export const askIcon = new LabIcon({
  name: 'jupyter-stream-chat:ask',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4.5V17a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v10h2v2.2L8.3 15H20V5z"/>
  <path class="jp-icon3" fill="#616161" d="M11.2 12.2h1.7V14h-1.7zm.8-6c1.7 0 2.9 1 2.9 2.4 0 1-.6 1.5-1.2 2-.5.4-.8.6-.8.9h-1.6c0-1.1.7-1.6 1.2-2 .4-.4.7-.6.7-1 0-.5-.5-.8-1.2-.8s-1.3.4-1.3 1.1H9c0-1.6 1.3-2.6 3-2.6z"/>
</svg>`
});

/** Send: an arrow up. Takes the colour of the text beside it. */
export const sendIcon = new LabIcon({
  name: 'jupyter-stream-chat:send',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path fill="currentColor" d="M12 4l7 7-1.6 1.6-4.3-4.3V20h-2.2V8.3l-4.3 4.3L5 11z"/>
</svg>`
});

/** Another model answers: two arrows that change places. */
export const swapIcon = new LabIcon({
  name: 'jupyter-stream-chat:swap',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M16 3l5 4.5-5 4.5V9H4V6h12zM8 12v3h12v3H8v3l-5-4.5z"/>
</svg>`
});

/** Stop: a square. */
export const stopIcon = new LabIcon({
  name: 'jupyter-stream-chat:stop',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <rect fill="currentColor" x="6" y="6" width="12" height="12" rx="1.5"/>
</svg>`
});

/** Pause: two bars. */
export const pauseIcon = new LabIcon({
  name: 'jupyter-stream-chat:pause',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path fill="currentColor" d="M7 5h3.5v14H7zm6.5 0H17v14h-3.5z"/>
</svg>`
});

/** Resume: a triangle. */
export const resumeIcon = new LabIcon({
  name: 'jupyter-stream-chat:resume',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path fill="currentColor" d="M8 5l11 7-11 7z"/>
</svg>`
});

/** Streaming: three lines that arrive one after another. */
export const streamIcon = new LabIcon({
  name: 'jupyter-stream-chat:stream',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path fill="currentColor" d="M4 6h16v2H4zm0 5h11v2H4zm0 5h6v2H4z"/>
</svg>`
});

/** Locked: a padlock. */
export const lockIcon = new LabIcon({
  name: 'jupyter-stream-chat:lock',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path fill="currentColor" d="M12 2a5 5 0 0 1 5 5v3h1a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2h1V7a5 5 0 0 1 5-5zm0 2a3 3 0 0 0-3 3v3h6V7a3 3 0 0 0-3-3zM6 12v8h12v-8z"/>
  </svg>`
});

/** Archive: a box with a lid. */
export const archiveIcon = new LabIcon({
  name: 'jupyter-stream-chat:archive',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M3 4h18v5h-1v11H4V9H3zm2 2v1h14V6zm1 3v9h12V9zm3 2h6v2H9z"/>
</svg>`
});
