/**
 * One model of the list: its sizes, its download, what of it is loaded, and what can be done with it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { bytesText, timeLeftText } from '../../i18n/sizes';
import type { IModelLine, LocalModels } from '../../profiles/localmodels';
import type { ILoadedModel, IModelDownload, ModelAction } from '../../profiles/modelsapi';
import { usePanel } from '../context';
import { Problem } from '../profiles/field';
import { ModelSizes } from './sizes';

interface IProps extends IModelLine {
  models: LocalModels;
  isLocked: boolean;
  onProfile: (model: string) => void;
  onDelete: () => void;
}

export function ModelLine(props: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const { models, model, download, isLocked } = props;
  const { model: name, loaded, used_by: users } = model;
  const isRunning = download?.state === 'running';
  const act = (action: ModelAction) => () => void models.act(action, name);
  const button = (label: string, meaning: string, onClick: () => void) => (
    <button
      type="button"
      className="jp-StreamChat-textButton"
      aria-label={meaning}
      aria-disabled={models.isBusy(name) || undefined}
      onClick={onClick}
    >
      {label}
    </button>
  );

  return (
    <div className="jp-StreamChat-modelLine">
      <strong>{name}</strong>
      <ModelSizes model={model} />
      {!model.is_complete && !isRunning && <span>{trans.__('Not complete')}</span>}
      {loaded && <span>{loadedText(loaded, trans)}</span>}
      {users.length > 0 && <span>{trans.__('Used by: %1', users.join(', '))}</span>}
      {isRunning && <Progress download={download} />}
      {download?.error && (
        <div className="jp-StreamChat-fieldProblem">
          <Problem problem={localize(download.error)} />
        </div>
      )}
      {!isLocked && (
        <div className="jp-StreamChat-row">
          {isRunning &&
            button(trans.__('Stop'), trans.__('Stop the download of %1', name), act('stop'))}
          {!isRunning &&
            !model.is_complete &&
            !model.is_folder &&
            button(
              trans.__('Resume'),
              trans.__('Resume the download of %1', name),
              act('download')
            )}
          {model.is_complete &&
            button(trans.__('New profile'), trans.__('New profile with %1', name), () =>
              props.onProfile(name)
            )}
          {loaded && button(trans.__('Unload'), trans.__('Unload %1', name), act('unload'))}
          {!model.is_folder &&
            !isRunning &&
            model.disk_bytes > 0 &&
            button(trans.__('Delete'), trans.__('Delete %1', name), props.onDelete)}
        </div>
      )}
    </div>
  );
}

function Progress({ download }: { download: IModelDownload }): JSX.Element {
  const { trans } = usePanel();
  const { model, received_bytes: received, total_bytes: total } = download;
  const text = progressText(download, trans);
  return (
    <>
      <span>{text}</span>
      <div
        className="jp-StreamChat-progress"
        role="progressbar"
        aria-label={trans.__('Download of %1', model)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={total ? Math.floor((100 * received) / total) : undefined}
        aria-valuetext={text}
      >
        <div style={{ width: total ? `${(100 * received) / total}%` : 0 }} />
      </div>
    </>
  );
}

function progressText(download: IModelDownload, trans: TranslationBundle): string {
  const { received_bytes: received, total_bytes: total } = download;
  const { bytes_per_second: rate, seconds_left: left } = download;
  if (!total) {
    return trans.__('Asking the hub…');
  }
  const parts = [
    trans.__('%1 of %2', bytesText(received, trans), bytesText(total, trans)),
    rate !== undefined && trans.__('%1/s', bytesText(Math.round(rate), trans)),
    left !== undefined && timeLeftText(left, trans)
  ];
  return parts.filter(Boolean).join(' · ');
}

function loadedText(loaded: ILoadedModel, trans: TranslationBundle): string {
  const { device, bytes, cache_bytes: caches, running } = loaded;
  const parts = [
    trans.__('Loaded (%1): %2', device, bytesText(bytes, trans)),
    caches > 0 && trans.__('%1 for chats', bytesText(caches, trans)),
    running > 0 && trans._n('%1 answer is being written', '%1 answers are being written', running)
  ];
  return parts.filter(Boolean).join(' · ');
}
