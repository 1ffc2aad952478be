/**
 * What every component of the panel may need: the translator, renderers of text, the user's settings.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { DoctorStep, ErrorInfo } from '../protocol/generated';
import { createContext, useContext } from 'react';
import type { IPrompt } from '../chat/prompts';
import type { WhileRunning } from '../chat/queue';
import type { CodeActions, IStreamingText } from '../markdown';

/** The user's settings, as `schema/plugin.json` describes them. */
export interface IPanelSettings {
  /** Enter sends and Shift+Enter breaks the line; else Ctrl+Enter (Cmd+Enter) sends. */
  readonly enterSends: boolean;
  /** Answers appear at a typist's pace rather than as they come. */
  readonly typewriter: boolean;
  /** What Enter does while an answer is being written: nothing yet, send afterwards, or stop it and send. */
  readonly whileRunning: 'ask' | WhileRunning;
  /** Answers can be put into notebooks. */
  readonly notebookActions: boolean;
  /** Cells say in their metadata which answer their code came from. */
  readonly cellSource: boolean;
  /** What becomes of names in generated code that the kernel does not know. */
  readonly unknownNames: 'off' | 'underline' | 'stop';
  /** What the model is told in all chats where neither the chat nor its profile has a system prompt. */
  readonly instructions: string;
  /** The user's own prompts, in their order. */
  readonly prompts: readonly IPrompt[];
}

/** Puts answers, and the code in them, into notebooks. */
export interface IInsertAnswers {
  /** The buttons on a code block. */
  readonly codeActions: CodeActions;
  /** Put a whole answer into the notebook that is in use; `origin` is what the user acted on. */
  readonly answer: (markdown: string, origin: HTMLElement) => Promise<void>;
}

export type ChangeSetting = <K extends keyof IPanelSettings>(
  name: K,
  value: IPanelSettings[K]
) => void;

export interface IPanelContext {
  readonly trans: TranslationBundle;
  readonly settings: IPanelSettings;
  /** Change one of the user's settings, and remember it. */
  changeSetting: ChangeSetting;
  /** Make the renderer of a message's text; `node` is its to fill. */
  renderText(node: HTMLElement, role: 'user' | 'assistant' | 'system'): IStreamingText;
  /** An error in the reader's language. */
  localize(error: ErrorInfo): ErrorInfo;
  /** A step of the doctor in the reader's language. */
  localizeStep(step: DoctorStep): DoctorStep;
  /** Open a profile for a change; the cursor goes into the first of these fields that it has. */
  editProfile(profileId: string, fields: readonly string[]): void;
  /** Put text on the clipboard. */
  copy(text: string): void;
  /** Put a whole answer into the notebook that is in use; null: the user does not want that. */
  readonly insertAnswer: IInsertAnswers['answer'] | null;
}

const Context = createContext<IPanelContext | null>(null);

export const PanelProvider = Context.Provider;

/**
 * The panel's context.
 *
 * @throws when used outside of the panel.
 */
export function usePanel(): IPanelContext {
  const context = useContext(Context);
  if (!context) {
    throw new Error('usePanel is for components of the panel');
  }
  return context;
}
