/**
 * Reasoning of a model: folded, and never copied with the answer.
 */
import * as React from 'react';
import { usePanel } from '../context';
import { Dots } from '../runstate';
import { IPartProps, useRenderedText } from './part';

export function ReasoningPart(props: IPartProps): JSX.Element {
  const { trans } = usePanel();
  const node = useRenderedText(props, 'user');
  // There is no answer to read instead.
  const isAll = props.message.runs.at(-1)?.error?.code === 'only_reasoning';
  return (
    <details className="jp-StreamChat-reasoning" open={isAll}>
      <summary>
        {trans.__('Reasoning')} {props.isGrowing && <Dots />}
      </summary>
      <div className="jp-StreamChat-reasoningText" tabIndex={0} ref={node} />
    </details>
  );
}
