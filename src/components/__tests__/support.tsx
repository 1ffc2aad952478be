/** A panel's context for components under test: English, and nothing rendered. */
import { nullTranslator } from '@jupyterlab/translation';
import { render, type RenderResult } from '@testing-library/react';
import * as React from 'react';
import { PageText } from '../../__tests__/support/pagetext';
import { IPanelContext, IPanelSettings, PanelProvider } from '../context';

/** The settings of a user who has changed none. */
export const SETTINGS: IPanelSettings = {
  enterSends: true,
  typewriter: false,
  whileRunning: 'ask',
  notebookActions: true,
  cellSource: false,
  unknownNames: 'underline',
  instructions: '',
  prompts: []
};

export const trans = nullTranslator.load('jupyter_stream_chat');

/** Render a component within a panel. */
export function renderInPanel(
  children: JSX.Element,
  changes: Partial<IPanelContext> = {}
): RenderResult {
  const context: IPanelContext = {
    trans,
    settings: SETTINGS,
    changeSetting: jest.fn(),
    localize: error => error,
    localizeStep: step => step,
    copy: jest.fn(),
    insertAnswer: jest.fn(),
    editProfile: jest.fn(),
    renderText: () => new PageText(),
    ...changes
  };
  return render(children, {
    wrapper: ({ children: inner }) => <PanelProvider value={context}>{inner}</PanelProvider>
  });
}
