/**
 * How large a model is, and whether it fits into the memory that is free.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { bytesText, parametersText } from '../../i18n/sizes';
import type { Fit, ILocalModel } from '../../profiles/modelsapi';
import { usePanel } from '../context';

export function ModelSizes({ model }: { model: ILocalModel }): JSX.Element {
  const { trans } = usePanel();
  const {
    parameters,
    download_bytes: download,
    disk_bytes: disk,
    memory_bytes: memory,
    fit
  } = model;
  const sizes = [
    parameters && parametersText(parameters, trans),
    disk > 0 && trans.__('%1 on the disk', bytesText(disk, trans)),
    !!download && trans.__('%1 to download', bytesText(download, trans)),
    memory && trans.__('about %1 in memory', bytesText(memory, trans))
  ];
  return (
    <>
      <span>{sizes.filter(Boolean).join(' · ')}</span>
      {fit && (
        <span className="jp-StreamChat-fit" data-fit={fit}>
          {fitText(fit, trans)}
        </span>
      )}
    </>
  );
}

function fitText(fit: Fit, trans: TranslationBundle): string {
  return {
    fits: trans.__('Fits'),
    tight: trans.__('Tight: little memory is left for long chats'),
    does_not_fit: trans.__('Does not fit into the free memory')
  }[fit];
}
