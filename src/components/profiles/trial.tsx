/**
 * What came of trying a profile: the answer and its time, or the error; the doctor's table.
 */
import * as React from 'react';
import type { ProfileTrial } from '../../model';
import type { DoctorStep, ErrorInfo } from '../../protocol/generated';
import { usePanel } from '../context';
import { Dots } from '../runstate';
import { Problem } from './field';

/** The buttons that ask the provider. */
export function TrialButtons({ trial }: { trial: ProfileTrial }): JSX.Element {
  const { trans } = usePanel();
  const button = (label: string, title: string, ask: () => Promise<void>) => (
    <button
      type="button"
      className="jp-StreamChat-textButton"
      title={title}
      onClick={() => void ask()}
    >
      {label}
    </button>
  );
  return (
    <>
      {button(trans.__('Try'), trans.__('Ask this model one short question'), () => trial.try())}
      {button(
        trans.__('Doctor'),
        trans.__('Examine this profile step by step: address, key, answer, streaming, Stop'),
        () => trial.examine()
      )}
    </>
  );
}

export function TrialResult({ trial }: { trial: ProfileTrial }): JSX.Element {
  const { trans } = usePanel();
  const { running, answer, steps } = trial;
  return (
    <div className="jp-StreamChat-trial">
      <div role="status">
        {(running === 'answer' || running === 'doctor') && (
          <div className="jp-StreamChat-row">
            <Dots />
            <span>
              {running === 'answer' ? trans.__('Waiting for the answer') : trans.__('Examining…')}
            </span>
            <button
              type="button"
              className="jp-StreamChat-textButton"
              onClick={() => trial.cancel()}
            >
              {trans.__('Stop')}
            </button>
          </div>
        )}
        {answer && (
          <div className="jp-StreamChat-runState" data-level="success">
            <strong>
              {trans.__('The model answered after %1 s:', (answer.ms / 1000).toFixed(1))}
            </strong>
            <span className="jp-StreamChat-trialText">{answer.text}</span>
          </div>
        )}
      </div>
      <TrialError error={trial.error('answer') ?? trial.error('doctor')} />
      {steps.length > 0 && <DoctorTable steps={steps} isRunning={running === 'doctor'} />}
    </div>
  );
}

function TrialError({ error }: { error: ErrorInfo | null }): JSX.Element | null {
  const { localize } = usePanel();
  return (
    error && (
      <div className="jp-StreamChat-runState" data-level="error" role="alert">
        <Problem problem={localize(error)} />
      </div>
    )
  );
}

function DoctorTable({
  steps,
  isRunning
}: {
  steps: readonly DoctorStep[];
  isRunning: boolean;
}): JSX.Element {
  const { trans } = usePanel();
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
      <tbody>
        {steps.map(step => (
          <tr key={step.name} data-outcome={step.outcome} data-step={step.name}>
            <th scope="row">
              {step.title}
              <div className="jp-StreamChat-doctorFound">{step.message}</div>
              {step.cure && <div className="jp-StreamChat-doctorCure">{step.cure}</div>}
              {step.detail && (
                <details>
                  <summary>{trans.__('Details')}</summary>
                  <pre tabIndex={0}>{step.detail}</pre>
                </details>
              )}
            </th>
            <td>{outcomes[step.outcome]}</td>
            <td>{trans.__('%1 ms', Math.round(step.ms))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
