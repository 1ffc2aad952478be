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
  return (
    <details className="jp-StreamChat-reasoning">
      <summary>
        {trans.__('Reasoning')} {props.isGrowing && <Dots />}
      </summary>
      <div className="jp-StreamChat-reasoningText" tabIndex={0} ref={node} />
    </details>
  );
}
