/**
 * A part of a kind that this version does not know: a newer server, or a newer version, wrote it.
 */
import * as React from 'react';
import { usePanel } from '../context';
import type { IPartProps } from './part';

export function UnknownPart({ section }: IPartProps): JSX.Element {
  const { trans } = usePanel();
  return (
    <div className="jp-StreamChat-unknownPart" data-kind={section.kind}>
      {trans.__('This version cannot show this part of the answer.')}
    </div>
  );
}
