/**
 * The models of the server's machine: one to pick, those that are there, and the memory for them.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useRef } from 'react';
import { bytesText } from '../../i18n/sizes';
import type { ProfileEditor } from '../../profiles/editor';
import type { IModelNews, LocalModels } from '../../profiles/localmodels';
import type { IFreedMemory, ILocalModel, IModels } from '../../profiles/modelsapi';
import { usePanel } from '../context';
import { useSignal } from '../hooks';
import { Problem } from '../profiles/field';
import { ModelLine } from './line';
import { ModelPicker } from './picker';

interface IProps {
  editor: ProfileEditor;
  models: LocalModels;
}

export function ModelsView({ editor, models }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const input = useRef<HTMLInputElement>(null);
  useSignal(models.changed);
  const { answer, error, news } = models;
  const isLocked = answer?.is_locked ?? true;
  const lines = models.lines;

  const onDelete = async (model: ILocalModel) => {
    if ((await confirmDelete(model, trans)) && (await models.act('delete', model.model))) {
      input.current?.focus(); // the button is gone
    }
  };
  const onProfile = (model: string) => void editor.addLocal(model);

  return (
    <div className="jp-StreamChat-profiles jp-StreamChat-models">
      <div className="jp-StreamChat-modelsNews" role="status">
        {news && <p>{newsText(news, trans)}</p>}
      </div>
      {error && (
        <div className="jp-StreamChat-fieldProblem" role="alert">
          <Problem problem={localize(error)} />
        </div>
      )}
      {isLocked ? (
        answer && <p>{trans.__('The administrator of this server chooses the profiles.')}</p>
      ) : (
        <ModelPicker {...{ models, onProfile }} inputRef={input} />
      )}
      {answer && <MemoryLine {...{ models, answer }} />}
      <ul aria-label={trans.__('Local models')} aria-busy={answer === null}>
        {lines.map(({ model, download }) => (
          <li key={model.model} data-model={model.model}>
            <ModelLine
              {...{ models, model, download, isLocked, onProfile }}
              onDelete={() => void onDelete(model)}
            />
          </li>
        ))}
      </ul>
      {answer && lines.length === 0 && <p>{trans.__('No models are on this machine yet.')}</p>}
    </div>
  );
}

/** Free memory, what was given back last, and the button that gives more back. */
function MemoryLine({ models, answer }: { models: LocalModels; answer: IModels }): JSX.Element {
  const { trans } = usePanel();
  const { free_bytes: free, total_bytes: total, freed } = answer;
  const last = freed[freed.length - 1];
  const isLoaded = answer.models.some(({ loaded }) => loaded);
  return (
    <div className="jp-StreamChat-row">
      {free !== undefined && total !== undefined && (
        <span>
          {trans.__(
            'Free memory: %1 of %2 (%3)',
            bytesText(free, trans),
            bytesText(total, trans),
            answer.device
          )}
        </span>
      )}
      {isLoaded && (
        <button
          type="button"
          className="jp-StreamChat-textButton"
          onClick={() => void models.release()}
        >
          {trans.__('Release unused memory')}
        </button>
      )}
      {last && <span>{freedText(last, trans)}</span>}
    </div>
  );
}

function freedText({ what, model, bytes, at }: IFreedMemory, trans: TranslationBundle): string {
  const time = new Date(at * 1000).toLocaleTimeString();
  const size = bytesText(bytes, trans);
  return what === 'model'
    ? trans.__('%1 was unloaded at %2 because memory was needed: %3.', model, time, size)
    : trans.__('Caches of %1 were cleared at %2 because memory was needed: %3.', model, time, size);
}

function newsText({ what, model }: IModelNews, trans: TranslationBundle): string {
  return {
    downloaded: trans.__('%1 was downloaded.', model),
    failed: trans.__('The download of %1 failed.', model),
    stopped: trans.__('The download of %1 was stopped. What was received is kept.', model),
    unloaded: trans.__('%1 was unloaded.', model),
    deleted: trans.__('%1 was deleted from the disk.', model),
    released: trans.__('Unused memory was released.')
  }[what];
}

async function confirmDelete(model: ILocalModel, trans: TranslationBundle): Promise<boolean> {
  const users = model.used_by;
  const sentences = [
    trans.__('%1 takes %2 on the disk.', model.model, bytesText(model.disk_bytes, trans)),
    users.length > 0 &&
      trans.__(
        'Profiles that use it: %1. They download it again when they are asked.',
        users.join(', ')
      )
  ];
  const { button } = await showDialog({
    title: trans.__('Delete this model from the disk?'),
    body: sentences.filter(Boolean).join(' '),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  return button.accept;
}
