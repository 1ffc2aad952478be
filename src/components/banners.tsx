/**
 * What concerns the whole panel: the connection, what is not saved, where chats go, the profile's notice.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import type { ErrorInfo } from '../protocol/generated';
import { usePanel } from './context';

interface IBannerProps {
  level: 'info' | 'warning' | 'error';
  children: React.ReactNode;
}

function Banner({ level, children }: IBannerProps): JSX.Element {
  return (
    <div className="jp-StreamChat-banner" data-level={level}>
      {children}
    </div>
  );
}

function ConnectionBanner({ workspace }: { workspace: WorkspaceModel }): JSX.Element | null {
  const { trans } = usePanel();
  switch (workspace.connectionState) {
    case 'connected':
      return null;
    case 'connecting':
      return <Banner level="info">{trans.__('Connecting…')}</Banner>;
    case 'reconnecting':
      return (
        <Banner level="warning">
          {trans.__('Connection lost, connecting again… What you write is kept.')}
        </Banner>
      );
    case 'reload_needed':
      return (
        <Banner level="error">
          {trans.__('The server was updated. Reload this page to go on.')}
          <button className="jp-StreamChat-textButton" onClick={() => window.location.reload()}>
            {trans.__('Reload')}
          </button>
        </Banner>
      );
    case 'user_changed':
      return (
        <Banner level="error">
          {trans.__('Another user is signed in now. Reload this page to go on.')}
          <button className="jp-StreamChat-textButton" onClick={() => window.location.reload()}>
            {trans.__('Reload')}
          </button>
        </Banner>
      );
    case 'closed':
      return (
        <Banner level="error">
          {trans.__('Disconnected. Sign in again or reload this page.')}
        </Banner>
      );
  }
}

/** Everything that is wrong or worth knowing, most urgent first. */
export function Banners({
  workspace,
  chat
}: {
  workspace: WorkspaceModel;
  chat: ChatModel;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <>
      <ConnectionBanner workspace={workspace} />
      {workspace.notSaved && <ErrorBanner error={workspace.notSaved} />}
      {workspace.storeDamaged && <ErrorBanner error={workspace.storeDamaged} showsDetail />}
      {workspace.error && (
        <ErrorBanner error={workspace.error} onDismiss={() => workspace.report(null)} />
      )}
      <Undo workspace={workspace} />
      {chat.readOnly && <ErrorBanner error={chat.readOnly} />}
      {workspace.tracing && (
        <Banner level="warning">
          {trans.__('LangChain tracing is on: every chat is sent to the tracing service.')}
        </Banner>
      )}
    </>
  );
}

/** A chat was deleted, and still can be kept. */
function Undo({ workspace }: { workspace: WorkspaceModel }): JSX.Element {
  const { trans } = usePanel();
  const { deleting } = workspace;
  return (
    <div role="status">
      {deleting && (
        <Banner level="info">
          <span>{trans.__('"%1" was deleted.', deleting.title || trans.__('New chat'))}</span>
          <button className="jp-StreamChat-textButton" onClick={() => workspace.undoDelete()}>
            {trans.__('Undo')}
          </button>
        </Banner>
      )}
    </div>
  );
}

interface IErrorProps {
  error: ErrorInfo;
  /** Absent: the banner stays as long as what it tells of. */
  onDismiss?: () => void;
  /** The detail is what the reader needs: a path. */
  showsDetail?: boolean;
}

function ErrorBanner({ error, onDismiss, showsDetail }: IErrorProps): JSX.Element {
  const { trans, localize } = usePanel();
  const { message, hint } = localize(error);
  return (
    <Banner level="warning">
      <span>{message}</span>
      {showsDetail && <code>{error.detail}</code>}
      {hint && <span>{hint}</span>}
      {onDismiss && (
        <button className="jp-StreamChat-textButton" onClick={onDismiss}>
          {trans.__('Dismiss')}
        </button>
      )}
    </Banner>
  );
}
