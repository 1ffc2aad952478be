/**
 * What the model was sent for an answer: the whole request, as it went out.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { CommandError } from '../../connection/connection';
import type { ISentMessage } from '../../context/api';
import type { IPanelContext } from '../context';

export async function showSent(
  sent: Promise<readonly ISentMessage[]>,
  localize: IPanelContext['localize'],
  trans: TranslationBundle
): Promise<void> {
  const body = new Widget({ node: document.createElement('div') });
  body.addClass('jp-StreamChat-attachedText');
  try {
    (await sent).forEach(message => body.node.append(...nodesOf(message)));
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    const { message, hint } = localize(error.info);
    body.node.textContent = [message, hint].filter(Boolean).join(' ');
  }
  await showDialog({
    title: trans.__('What the model was sent'),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

function nodesOf({ role, text, pictures }: ISentMessage): readonly HTMLElement[] {
  const heading = document.createElement('p');
  heading.textContent = role;
  const shown = document.createElement('pre');
  shown.tabIndex = 0;
  shown.textContent = text;
  const images = pictures.map(({ media_type, base64 }, at) => {
    const image = document.createElement('img');
    image.alt = `${at + 1}`;
    image.src = `data:${media_type};base64,${base64}`;
    return image;
  });
  return [heading, shown, ...images];
}
