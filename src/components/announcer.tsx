/**
 * The hidden live regions for screen readers: changes of state (polite) and errors (assertive).
 */
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import { announce } from '../i18n/run';
import { localizeRun } from '../i18n/errors';
import type { RunInfo } from '../protocol/generated';
import { usePanel } from './context';

/** Announce what happens to the newest run of the chat shown. */
export function Announcer({ run }: { run: RunInfo | null }): JSX.Element {
  const { trans, localize } = usePanel();
  const previous = useRef<RunInfo | null>(run);
  const [said, setSaid] = useState({ text: '', assertive: false });

  useEffect(() => {
    const next = run && announce(previous.current, localizeRun(run, localize), trans);
    previous.current = run;
    if (next) {
      setSaid(next);
    }
  }, [run, trans, localize]);

  return (
    <>
      <div className="jp-StreamChat-hidden" role="status" aria-live="polite" aria-atomic="true">
        {said.assertive ? '' : said.text}
      </div>
      <div className="jp-StreamChat-hidden" role="alert" aria-atomic="true">
        {said.assertive ? said.text : ''}
      </div>
    </>
  );
}
