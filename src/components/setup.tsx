/**
 * Ways to connect a model: the card shown while no profile can be used, and the button beside the guide's notice.
 */
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useId } from 'react';
import { providerText } from '../i18n/fields';
import type { ProfileEditor } from '../profiles/editor';
import { usePanel } from './context';
import { useSignal } from './hooks';
import { Problem } from './profiles/field';

const INSTALL = 'pip install "jupyter-stream-chat[local]"';
const CONFIGURED = `c.StreamChat.profiles = [{
    "id": "gpt", "label": "OpenAI", "provider": "openai",
    "model": "gpt-4o-mini", "api_key_env": "OPENAI_API_KEY",
}]`;

interface IProps {
  editor: ProfileEditor;
  /** The administrator lets nobody add profiles. */
  isLocked: boolean;
}

export function SetupCard({ editor, isLocked }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const titleId = useId();
  useSignal(editor.changed);
  return (
    <section className="jp-StreamChat-card" aria-labelledby={titleId}>
      <h2 id={titleId}>{trans.__('Connect a model')}</h2>
      <p>
        {isLocked
          ? trans.__('No model can be used yet. The administrator of this server chooses them.')
          : trans.__('No model can be used yet. Choose what you have:')}
      </p>
      {!isLocked && <ConnectButtons editor={editor} />}
      {editor.error && (
        <div className="jp-StreamChat-fieldProblem" role="alert">
          <Problem problem={localize(editor.error)} />
        </div>
      )}
      <details>
        <summary>{trans.__('A local model needs more packages')}</summary>
        <p>
          {trans.__(
            'It runs on this machine, with no key. Installing this also brings the built-in guide.'
          )}
        </p>
        <Snippet text={INSTALL} />
      </details>
      <details>
        <summary>{trans.__('For everybody on this server')}</summary>
        <p>{trans.__('Put this into jupyter_server_config.py and start Jupyter again.')}</p>
        <Snippet text={CONFIGURED} />
      </details>
    </section>
  );
}

/** The one button while there is only the guide: opens the form of a new profile. */
export function ConnectButton({ editor }: { editor: ProfileEditor }): JSX.Element {
  const { trans } = usePanel();
  return (
    <button className="jp-StreamChat-textButton" onClick={() => void editor.add()}>
      {trans.__('Connect a model')}
    </button>
  );
}

/** One button per provider that a profile can be made of, and per server that it knows: each opens its form. */
function ConnectButtons({ editor }: { editor: ProfileEditor }): JSX.Element {
  const { trans } = usePanel();
  useSignal(editor.changed);
  useEffect(() => void editor.load(), [editor]);
  const button = (key: string, label: string, provider: string, preset?: string) => (
    <button
      key={key}
      className="jp-StreamChat-textButton"
      onClick={() => void editor.add(provider, preset)}
    >
      {label}
    </button>
  );
  return (
    <div className="jp-StreamChat-row" role="group" aria-label={trans.__('Connect a model')}>
      {editor.providers.flatMap(({ provider, label, presets }) => [
        button(provider, providerText(provider, label, trans), provider),
        ...presets.map(preset =>
          button(`${provider} ${preset.id}`, preset.label, provider, preset.id)
        )
      ])}
    </div>
  );
}

function Snippet({ text }: { text: string }): JSX.Element {
  const { trans, copy } = usePanel();
  return (
    <div className="jp-StreamChat-snippet">
      <pre tabIndex={0}>{text}</pre>
      <button
        className="jp-StreamChat-iconButton"
        aria-label={trans.__('Copy')}
        title={trans.__('Copy')}
        onClick={() => copy(text)}
      >
        <copyIcon.react tag="span" />
      </button>
    </div>
  );
}
