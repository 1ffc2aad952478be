/**
 * The panel's view models: what components show, and what a user can do.
 */
export { ChatModel } from './chat';
export type { BlockedReason } from './chat';
export { choiceOf } from './branches';
export type { Direction } from './branches';
export type { Redirection } from './queue';
export type { IQueued } from './storage';
export { arrivedText, countedOf, shownText } from './counted';
export type { Counted } from './counted';
export { WorkspaceModel } from './workspace';
export { ChatParameters } from './chatparameters';
export { ProfileEditor } from './profileeditor';
export type { ProfileView } from './profileeditor';
export { ProfileForm } from './profileform';
export { ProfileTrial } from './profiletrial';
export type { PauseAction } from './chat';
export type { Offer } from './runcontrol';
