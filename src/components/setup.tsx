/**
 * The card shown while no profile can be used: four ways to connect a model.
 */
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { usePanel } from './context';

const SNIPPETS = {
  openai: `c.StreamChat.profiles = [{
    "id": "gpt", "label": "OpenAI", "provider": "openai",
    "model": "gpt-4o-mini", "api_key_env": "OPENAI_API_KEY",
}]`,
  azure: `c.StreamChat.profiles = [{
    "id": "azure", "label": "Azure", "provider": "azure",
    "model": "gpt-4o", "azure_deployment": "my-deployment",
    "azure_endpoint": "https://my-resource.openai.azure.com",
    "api_version": "2024-10-21", "api_key_env": "AZURE_OPENAI_API_KEY",
}]`,
  compatible: `c.StreamChat.profiles = [{
    "id": "vllm", "label": "vLLM", "provider": "openai-compatible",
    "model": "my-model", "base_url": "http://127.0.0.1:8000/v1",
}]`,
  install: 'pip install "jupyter-stream-chat[local]"',
  local: `c.StreamChat.profiles = [{
    "id": "qwen", "label": "Qwen", "provider": "huggingface",
    "model": "Qwen/Qwen2.5-0.5B-Instruct",
}]`
};

export function SetupCard(): JSX.Element {
  const { trans } = usePanel();
  return (
    <section className="jp-StreamChat-card" aria-labelledby="jp-StreamChat-setup">
      <h2 id="jp-StreamChat-setup">{trans.__('Connect a model')}</h2>
      <p>
        {trans.__(
          'No model can be used yet. Put one of these into jupyter_server_config.py and start Jupyter again.'
        )}
      </p>
      <details>
        <summary>{trans.__('A local model')}</summary>
        <p>
          {trans.__(
            'Runs on this machine, with no key. Installing this also brings the built-in guide.'
          )}
        </p>
        <Snippet text={SNIPPETS.install} />
        <Snippet text={SNIPPETS.local} />
      </details>
      <details>
        <summary>OpenAI</summary>
        <Snippet text={SNIPPETS.openai} />
      </details>
      <details>
        <summary>Azure OpenAI</summary>
        <Snippet text={SNIPPETS.azure} />
      </details>
      <details>
        <summary>{trans.__('An OpenAI-compatible endpoint')}</summary>
        <p>{trans.__('vLLM, Ollama, LM Studio, a company gateway and others.')}</p>
        <Snippet text={SNIPPETS.compatible} />
      </details>
    </section>
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
