/**
 * A text of a message.
 */
import * as React from 'react';
import { IPartProps, useRenderedText } from './part';

export function TextPart(props: IPartProps): JSX.Element {
  const node = useRenderedText(props, props.message.role);
  return <div className="jp-StreamChat-content" ref={node} />;
}
