/**
 * The panel's view models: what components show, and what a user can do.
 */
export { ChatModel } from './chat';
export type { BlockedReason } from './chat';
export { WorkspaceModel } from './workspace';
