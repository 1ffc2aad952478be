/**
 * One field of a form: its name, what belongs into it, and what is wrong with it, said to everybody.
 */
import * as React from 'react';
import { useId } from 'react';
import type { ErrorInfo } from '../../protocol/generated';
import { usePanel } from '../context';

/** What ties a control to its name, hint and problem. */
export interface IControl {
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
  'aria-required': boolean | undefined;
}

interface IProps {
  label: string;
  hint?: string;
  /** What is wrong, as the reader reads it. */
  problem?: ErrorInfo | null;
  isRequired?: boolean;
  children: (control: IControl) => React.ReactNode;
}

export function Field({ label, hint, problem, isRequired, children }: IProps): JSX.Element {
  const id = useId();
  return (
    <div className="jp-StreamChat-field">
      <label htmlFor={id}>
        {label}
        {isRequired && <span aria-hidden="true"> *</span>}
      </label>
      {children({
        id,
        'aria-describedby': `${id}-hint ${id}-problem`,
        'aria-invalid': !!problem,
        'aria-required': isRequired || undefined
      })}
      <div id={`${id}-hint`} className="jp-StreamChat-fieldHint">
        {hint}
      </div>
      <div id={`${id}-problem`} className="jp-StreamChat-fieldProblem" aria-live="polite">
        {problem && <Problem problem={problem} />}
      </div>
    </div>
  );
}

/** A problem with its hint; the server's own words behind it where they say more. */
export function Problem({ problem }: { problem: ErrorInfo }): JSX.Element {
  const { trans } = usePanel();
  return (
    <>
      <span>{problem.message}</span> {problem.hint && <span>{problem.hint}</span>}
      {problem.detail && (
        <details>
          <summary>{trans.__('Details')}</summary>
          <pre tabIndex={0}>{problem.detail}</pre>
        </details>
      )}
    </>
  );
}
