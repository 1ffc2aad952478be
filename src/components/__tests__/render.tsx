/**
 * Components as a reader meets them: in a document, with the panel's context.
 */
import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { localize } from '../../errortext';
import { PanelProvider } from '../context';

const trans = nullTranslator.load('jupyter_stream_chat');

/** Render `element` for a reader of `language`, and return the node that it is in. */
export function render(element: JSX.Element, language = 'en'): HTMLElement {
  const node = document.createElement('div');
  const context = {
    trans,
    settings: { enterSends: true },
    localize: (error: Parameters<typeof localize>[0]) => localize(error, trans, language),
    copy: () => undefined,
    renderText: () => {
      throw new Error('no text is rendered here');
    }
  };
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  act(() => createRoot(node).render(<PanelProvider value={context}>{element}</PanelProvider>));
  return node;
}
