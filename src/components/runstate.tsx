/**
 * The line below an answer: what its run is doing, or how it ended.
 */
import * as React from 'react';
import { describeRun, IRunText } from '../i18n/run';
import { fieldsToMend, localizeRun } from '../i18n/errors';
import type { RunInfo } from '../protocol/generated';
import { usePanel } from './context';

interface IProps {
  run: RunInfo;
  /** Stop was clicked, and the run has not ended yet. */
  stopping: boolean;
  /** Words that arrived but were not shown when the reader stopped the answer. */
  discarded: string;
  /** What the user made of the answer, in words. */
  note?: string | null;
  /** What can be done about the run. */
  choices?: React.ReactNode;
  /** What few look for: it lies behind the line. */
  more?: React.ReactNode;
}

export function RunState(props: IProps): JSX.Element | null {
  const { trans, localize } = usePanel();
  const { run, stopping, note, choices, more } = props;
  if (stopping) {
    return <div className="jp-StreamChat-runState">{trans.__('Stopping…')}</div>;
  }
  const { notice, ...shown } = localizeRun(run, localize);
  const said = describeRun(shown, trans);
  return (
    <>
      {said ? (
        <Said {...props} said={said} />
      ) : (
        (note || more || choices) && (
          <div className="jp-StreamChat-runState">
            {note && <span>{note}</span>}
            {choices}
            {more && <More>{more}</More>}
          </div>
        )
      )}
      {notice && (
        <div className="jp-StreamChat-runState" data-notice={notice.code}>
          {notice.message}
        </div>
      )}
    </>
  );
}

function Said({
  said,
  run,
  discarded,
  note,
  choices,
  more
}: IProps & { said: IRunText }): JSX.Element {
  const { trans, editProfile } = usePanel();
  const isStopped = run.finish_reason === 'interrupted';
  const fields = run.error ? fieldsToMend(run.error) : null;
  return (
    <div className="jp-StreamChat-runState" data-level={said.level}>
      {run.status === 'waiting' && <Dots />}
      <span>{said.text}</span>
      {said.hint && !isStopped && <span>{said.hint}</span>}
      {note && <span>{note}</span>}
      {said.fraction !== undefined && (
        <div className="jp-StreamChat-progress" aria-hidden="true">
          <div style={{ width: `${said.fraction * 100}%` }} />
        </div>
      )}
      {fields && (
        <button
          className="jp-StreamChat-textButton"
          onClick={() => editProfile(run.profile_id, fields)}
        >
          {trans.__('Edit profile')}
        </button>
      )}
      {choices}
      {(more || isStopped) && (
        <More>
          {isStopped && said.hint && <p>{said.hint}</p>}
          {more}
          {isStopped && discarded && <Discarded text={discarded} />}
        </More>
      )}
      {said.detail && (
        <details>
          <summary>{trans.__('Details')}</summary>
          <pre tabIndex={0}>{said.detail}</pre>
        </details>
      )}
    </div>
  );
}

function More({ children }: { children: React.ReactNode }): JSX.Element {
  const { trans } = usePanel();
  const label = trans.__('More about this answer');
  return (
    <details className="jp-StreamChat-moreOfRun">
      <summary aria-label={label} title={label}>
        …
      </summary>
      {children}
    </details>
  );
}

/** Something goes on that has no text yet. */
export function Dots(): JSX.Element {
  return (
    <span className="jp-StreamChat-dots" aria-hidden="true">
      <span />
      <span />
      <span />
    </span>
  );
}

function Discarded({ text }: { text: string }): JSX.Element {
  const { trans } = usePanel();
  return (
    <details>
      <summary>
        {trans._n(
          'Show %1 more character that had arrived',
          'Show %1 more characters that had arrived',
          [...text].length
        )}
      </summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}
