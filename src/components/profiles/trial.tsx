/**
 * What came of trying a profile: the answer and its time, or the error; the doctor's table.
 */
import * as React from 'react';
import type { ProfileTrial } from '../../profiles/trial';
import type { ErrorInfo } from '../../protocol/generated';
import { usePanel } from '../context';
import { Dots } from '../runstate';
import { DoctorTable } from './doctor';
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

interface IResultProps {
  trial: ProfileTrial;
  /** Put the cursor into a field that is to be changed; absent where none can be. */
  onField?: (field: string) => void;
}

export function TrialResult({ trial, onField }: IResultProps): JSX.Element {
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
      {steps.length > 0 && (
        <DoctorTable
          {...{ steps, onField }}
          isRunning={running === 'doctor'}
          onForget={() => void trial.forget()}
        />
      )}
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
