/**
 * The panel's view models: what components show, and what a user can do.
 */
export { ChatModel } from './chat/chat';
export type { BlockedReason } from './chat/chat';
export { choiceOf } from './chat/branches';
export type { Direction } from './chat/branches';
export type { Redirection } from './chat/queue';
export type { IQueued } from './storage';
export { arrivedText, countedOf, shownText } from './chat/counted';
export type { Counted } from './chat/counted';
export { WorkspaceModel } from './workspace';
export { ChatParameters } from './chat/parameters';
export { ProfileEditor } from './profiles/editor';
export type { ProfileView } from './profiles/editor';
export { ProfileForm } from './profiles/form';
export { ProfileTrial } from './profiles/trial';
export type { PauseAction } from './chat/chat';
export type { Offer } from './chat/runcontrol';
