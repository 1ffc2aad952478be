/**
 * The icon of each kind of attachment.
 */
import {
  bugIcon,
  codeIcon,
  consoleIcon,
  fileIcon,
  folderIcon,
  imageIcon,
  kernelIcon,
  LabIcon,
  listIcon,
  notebookIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

const ICONS: ReadonlyMap<string, LabIcon> = new Map([
  ['cell', codeIcon],
  ['error', bugIcon],
  ['folder', folderIcon],
  ['output', consoleIcon],
  ['picture', imageIcon],
  ['notebook', notebookIcon],
  ['selection', listIcon],
  ['variable', kernelIcon]
]);

export function iconOf(kind: string): JSX.Element {
  const Icon = (ICONS.get(kind) ?? fileIcon).react;
  return <Icon tag="span" className="jp-StreamChat-attachIcon" />;
}
