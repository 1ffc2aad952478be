/**
 * What came of trying a profile: the answer and its time, or the error; the doctor's table.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { fieldText, namedAsLabelled } from '../../i18n/fields';
import type { ProfileTrial } from '../../profiles/trial';
import type { DoctorStep, ErrorInfo } from '../../protocol/generated';
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
  const node = useRef<HTMLDivElement>(null);
  const error = trial.error('answer') ?? trial.error('doctor');
  useEffect(() => {
    if (running || answer || error || steps.length > 0) {
      node.current?.scrollIntoView({ block: 'end' });
    }
  }, [running, answer, error, steps.length]);
  return (
    <div className="jp-StreamChat-trial" ref={node}>
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
        {steps.length > 0 && running !== 'doctor' && (
          <span className="jp-StreamChat-hidden">{outcomeOf(steps, trans)}</span>
        )}
      </div>
      <TrialError {...{ error, onField }} />
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

/** What a screen reader is told when the doctor is done: the table is too long to be read out. */
function outcomeOf(steps: readonly DoctorStep[], trans: TranslationBundle): string {
  const count = (outcome: DoctorStep['outcome']) =>
    steps.filter(step => step.outcome === outcome).length;
  return trans.__(
    'The doctor is done: %1 passed, %2 warnings, %3 failed',
    count('pass'),
    count('warn'),
    count('fail')
  );
}

function TrialError({
  error,
  onField
}: { error: ErrorInfo | null } & Pick<IResultProps, 'onField'>): JSX.Element | null {
  const { localize, trans } = usePanel();
  const field = error?.field;
  return (
    error && (
      <div className="jp-StreamChat-runState" data-level="error" role="alert">
        <Problem problem={namedAsLabelled(localize(error), trans)} />
        {field && onField && (
          <button type="button" className="jp-StreamChat-textButton" onClick={() => onField(field)}>
            {trans.__('Go to "%1"', fieldText(field, trans).label)}
          </button>
        )}
      </div>
    )
  );
}
