/**
 * A profile that cannot be changed here: what there is to see of it, and why. It can be tried all the same.
 */
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { fieldText, providerText } from '../../i18n/fields';
import type { ProfileEditor } from '../../profiles/editor';
import type { ProfileTrial } from '../../profiles/trial';
import { parameterText } from '../../profiles/parameters';
import { parameterField } from '../../profiles/fields';
import type { ProfileInfo } from '../../protocol/generated';
import { usePanel } from '../context';
import { useSignal } from '../hooks';
import { Problem } from './field';
import { TrialButtons, TrialResult } from './trial';

interface IProps {
  editor: ProfileEditor;
  profile: ProfileInfo;
  trial: ProfileTrial;
  onLeave: () => void;
}

export function LockedProfile({ editor, profile, trial, onLeave }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  useSignal(trial.changed);
  useEffect(() => node.current?.querySelector<HTMLElement>('button')?.focus(), []);

  const provider = editor.form(profile.provider)?.label ?? profile.provider;
  const lines: [string, string][] = [
    [trans.__('Provider'), providerText(profile.provider, provider, trans)],
    [fieldText('model', trans).label, profile.model],
    [fieldText('streaming', trans).label, profile.streaming ?? trans.__('As the server is set')],
    ...Object.entries(profile.parameters ?? {}).map(([name, value]): [string, string] => [
      fieldText(parameterField(name), trans).label,
      parameterText(value)
    ])
  ];
  return (
    <div ref={node} className="jp-StreamChat-form">
      <div className="jp-StreamChat-fields">
        <p>
          {profile.provider === 'guide'
            ? trans.__('This profile comes with the panel: it cannot be changed.')
            : trans.__(
                "This profile comes from Jupyter's configuration: the administrator of this server changes it there (c.StreamChat.profiles)."
              )}
        </p>
        {profile.problem && (
          <div className="jp-StreamChat-fieldProblem">
            <Problem problem={localize(profile.problem)} />
          </div>
        )}
        <dl>
          {lines.map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
        </dl>
        <TrialResult trial={trial} />
      </div>
      <div className="jp-StreamChat-formEnd">
        <div className="jp-StreamChat-row">
          <TrialButtons trial={trial} />
          <button type="button" className="jp-StreamChat-textButton" onClick={onLeave}>
            {trans.__('Back')}
          </button>
        </div>
      </div>
    </div>
  );
}
