/**
 * What the doctor found: a table that grows as its steps end.
 */
import * as React from 'react';
import { fieldText } from '../../i18n/fields';
import type { DoctorStep } from '../../protocol/generated';
import { usePanel } from '../context';

interface IProps {
  steps: readonly DoctorStep[];
  isRunning: boolean;
  /** Put the cursor into a field that is to be changed; absent where none can be. */
  onField?: (field: string) => void;
  /** Forget what earlier questions found out about the deployment. */
  onForget: () => void;
}

export function DoctorTable({ steps, isRunning, onField, onForget }: IProps): JSX.Element {
  const { trans, localizeStep } = usePanel();
  const outcomes = {
    pass: trans.__('passed'),
    warn: trans.__('warning'),
    fail: trans.__('failed'),
    skip: trans.__('skipped')
  };
  return (
    <table className="jp-StreamChat-doctor" aria-busy={isRunning}>
      <caption>{trans.__('What the doctor found')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Step')}</th>
          <th scope="col">{trans.__('Result')}</th>
          <th scope="col">{trans.__('Time')}</th>
        </tr>
      </thead>
      {steps.map(step => (
        <tbody key={step.name} data-outcome={step.outcome} data-step={step.name}>
          <tr>
            <th scope="row">{localizeStep(step).title}</th>
            <td>{outcomes[step.outcome]}</td>
            <td>{trans.__('%1 ms', Math.round(step.ms))}</td>
          </tr>
          {/* A line of its own: at the panel's least width no column would be wide enough. */}
          <tr>
            <td colSpan={3}>
              <Finding step={localizeStep(step)} {...{ onField, onForget }} />
            </td>
          </tr>
        </tbody>
      ))}
    </table>
  );
}

function Finding({
  step,
  onField,
  onForget
}: Pick<IProps, 'onField' | 'onForget'> & { step: DoctorStep }): JSX.Element {
  const { trans } = usePanel();
  const { message, hint, detail, field, code } = step;
  return (
    <>
      {message && <div>{message}</div>}
      {hint && <div className="jp-StreamChat-doctorHint">{hint}</div>}
      {field && onField && (
        <button type="button" className="jp-StreamChat-textButton" onClick={() => onField(field)}>
          {trans.__('Go to "%1"', fieldText(field, trans).label)}
        </button>
      )}
      {code === 'remembered' && (
        <button type="button" className="jp-StreamChat-textButton" onClick={onForget}>
          {trans.__('Forget it')}
        </button>
      )}
      {detail && (
        <details>
          <summary>{trans.__('Details')}</summary>
          <pre tabIndex={0}>{detail}</pre>
        </details>
      )}
    </>
  );
}
