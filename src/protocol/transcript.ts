/**
 * A page's view of one chat: a pure fold over the chat's events.
 *
 * Owns order and continuity: `seq` for structure, offsets for text, digests for the whole. Knows neither
 * sockets nor the page. Replays `tests/golden`, as the server's tests do.
 */
import type {
  BranchSelected,
  ChatOpened,
  ChatResumed,
  Delta,
  ErrorInfo,
  Message,
  MessageAdded,
  MessageChanged,
  MessagesLoaded,
  Part,
  RunFinished,
  RunInfo,
  PartLengths,
  RunProgressed,
  RunStarted
} from './generated';
import { isWritten, type WrittenPart } from './parts';
import { RunText } from './runtext';

/** The events that a transcript folds. */
export type TranscriptEvent =
  | ChatOpened
  | ChatResumed
  | MessagesLoaded
  | MessageAdded
  | MessageChanged
  | BranchSelected
  | RunStarted
  | RunFinished
  | RunProgressed
  | Delta;

/** The events that have their chat's `seq`. */
type ChatEvent = MessageAdded | MessageChanged | BranchSelected | RunStarted | RunFinished;

/** What an event did. */
export type Change =
  /** Nothing: seen already, or of a run that is not here. */
  | { kind: 'none' }
  /** Something before the event is missing; the chat must be opened again. */
  | { kind: 'gap' }
  /** A snapshot replaced everything. */
  | { kind: 'reset' }
  /** What is held is continued. */
  | { kind: 'resumed' }
  | { kind: 'older_loaded' }
  | { kind: 'message_added'; message: Message }
  /** What counts of an answer was replaced. */
  | { kind: 'message_changed'; message: Message }
  | { kind: 'branch_selected' }
  | { kind: 'run_started'; run: RunInfo }
  | { kind: 'run_progressed'; run: RunInfo }
  /** `text` was added to a part; `isFirst`: it is the part's first. */
  | { kind: 'text'; run: RunInfo; part: number; text: string; isFirst: boolean }
  /** The text held is not the server's where `isIntact` is false; a snapshot repairs it. */
  | { kind: 'run_finished'; run: RunInfo; isIntact: boolean };

const NONE: Change = { kind: 'none' };
const GAP: Change = { kind: 'gap' };

/** A run that writes: its text is kept here, not in its message. */
interface ILive {
  run: RunInfo;
  readonly text: RunText;
}

export class Transcript {
  constructor(private readonly _chatId: string) {}

  /** The last `seq` folded; null until the chat is opened. */
  get seq(): number | null {
    return this._seq;
  }

  /** The messages of the active branch, oldest first; a new array after each change. Text of live runs is not in them. */
  get messages(): readonly Message[] {
    return this._messages;
  }

  /** Older messages exist on the server. */
  get hasMore(): boolean {
    return this._hasMore;
  }

  /** Why nothing can be sent here. */
  get readOnly(): ErrorInfo | null {
    return this._readOnly;
  }

  /** The newest run that has not ended. */
  get liveRun(): RunInfo | null {
    return [...this._live.values()].pop()?.run ?? null;
  }

  /** The length of each part of each live run, in code points, by run id. */
  get knownLengths(): ReadonlyMap<string, PartLengths> {
    return new Map([...this._live].map(([runId, { text }]) => [runId, text.lengths]));
  }

  /** A run, live or ended. */
  run(runId: string): RunInfo | undefined {
    return (
      this._live.get(runId)?.run ??
      this._messages.flatMap(message => message.runs).find(run => run.run_id === runId)
    );
  }

  message(messageId: string): Message | undefined {
    return this._messages.find(message => message.message_id === messageId);
  }

  /** The content of a message, with the text so far of runs that still write it. */
  content(message: Message): readonly Part[] {
    const live = message.runs.flatMap(
      ({ run_id }) => this._live.get(run_id)?.text.parts(run_id) ?? []
    );
    return [...message.content, ...live];
  }

  /** Fold one event; one of another chat, or folded already, changes nothing. */
  apply(event: TranscriptEvent): Change {
    if (event.type === 'delta') {
      return this._delta(event);
    }
    if (event.chat_id !== this._chatId) {
      return NONE;
    }
    switch (event.type) {
      case 'chat_opened':
        return this._chatOpened(event);
      case 'chat_resumed':
        return { kind: 'resumed' };
      case 'run_progressed':
        return this._runProgressed(event);
      case 'messages_loaded':
        return this._messagesLoaded(event);
      case 'message_added':
      case 'message_changed':
      case 'branch_selected':
      case 'run_started':
      case 'run_finished':
        return this._inSequence(event);
      default:
        return NONE;
    }
  }

  private _inSequence(event: ChatEvent): Change {
    if (this._seq === null || event.seq <= this._seq) {
      return NONE;
    }
    const change = event.seq === this._seq + 1 ? this._advance(event) : GAP;
    if (change !== GAP) {
      this._seq = event.seq;
    }
    return change;
  }

  private _advance(event: ChatEvent): Change {
    switch (event.type) {
      case 'message_added':
        return this._messageAdded(event.message);
      case 'message_changed':
        return this._messageChanged(event.message);
      case 'branch_selected':
        return this._branchSelected(event);
      case 'run_started':
        this._live.set(event.run.run_id, { run: event.run, text: new RunText() });
        this._setRun(event.run);
        return { kind: 'run_started', run: event.run };
      case 'run_finished':
        return this._runFinished(event.run);
    }
  }

  /** The active branch becomes the new message and all that it follows. */
  private _messageAdded(message: Message): Change {
    const trunk = upTo(this._messages, message.parent_id);
    if (!trunk) {
      return GAP;
    }
    this._messages = [...trunk, message];
    this._hasMore &&= trunk.length > 0;
    return { kind: 'message_added', message };
  }

  private _messageChanged(message: Message): Change {
    this._messages = this._messages.map(held =>
      held.message_id === message.message_id ? message : held
    );
    return { kind: 'message_changed', message };
  }

  private _branchSelected({ messages, has_more }: BranchSelected): Change {
    const trunk = upTo(this._messages, messages[0].parent_id) ?? [];
    if (trunk.length === 0) {
      this._hasMore = has_more;
    }
    this._messages = [...trunk, ...messages];
    return { kind: 'branch_selected' };
  }

  private _delta(event: Delta): Change {
    const writing = this._live.get(event.run_id);
    const added = writing?.text.take(event);
    if (!writing || !added) {
      return NONE;
    }
    if (added === 'gap') {
      return GAP;
    }
    const { part, text, isFirst } = added;
    return { kind: 'text', run: writing.run, part, text, isFirst };
  }

  private _runProgressed(event: RunProgressed): Change {
    const writing = this._live.get(event.run_id);
    if (!writing) {
      return NONE;
    }
    const { status, progress, pause } = event;
    writing.run = { ...writing.run, status, progress, pause };
    this._setRun(writing.run);
    return { kind: 'run_progressed', run: writing.run };
  }

  private _runFinished(run: RunInfo): Change {
    const text = this._live.get(run.run_id)?.text;
    this._readOnly = null;
    if (!text) {
      return NONE;
    }
    this._live.delete(run.run_id);
    this._messages = this._messages.map(message =>
      message.message_id === run.message_id
        ? { ...message, content: [...message.content, ...text.parts(run.run_id)] }
        : message
    );
    this._setRun(run);
    return { kind: 'run_finished', run, isIntact: !run.digest || text.matches(run.digest) };
  }

  private _chatOpened(event: ChatOpened): Change {
    this._seq = event.seq;
    this._hasMore = event.has_more;
    this._readOnly = event.read_only ?? null;
    this._live.clear();
    this._messages = event.messages.map(message => this._takeLive(message));
    return { kind: 'reset' };
  }

  private _messagesLoaded(event: MessagesLoaded): Change {
    if (this._messages[0]?.message_id !== event.before) {
      return NONE;
    }
    this._messages = [...event.messages.map(message => this._takeLive(message)), ...this._messages];
    this._hasMore = event.has_more;
    return { kind: 'older_loaded' };
  }

  /** Move the text of runs that still write out of their message. */
  private _takeLive(message: Message): Message {
    const writing = message.runs.filter(run => run.status !== 'finished');
    if (writing.length === 0) {
      return message;
    }
    let { content } = message;
    for (const run of writing) {
      const isItsOwn = (part: Part): part is WrittenPart =>
        isWritten(part) && part.run_id === run.run_id;
      this._live.set(run.run_id, { run, text: new RunText(content.filter(isItsOwn)) });
      content = content.filter(part => !isItsOwn(part));
    }
    return { ...message, content };
  }

  /** Put a run into its message: in the place of its former state, or at the end. */
  private _setRun(run: RunInfo): void {
    this._messages = this._messages.map(message => {
      if (message.message_id !== run.message_id) {
        return message;
      }
      const isNew = !message.runs.some(({ run_id }) => run_id === run.run_id);
      const runs = isNew
        ? [...message.runs, run]
        : message.runs.map(former => (former.run_id === run.run_id ? run : former));
      return { ...message, runs };
    });
  }

  private _seq: number | null = null;
  private _messages: readonly Message[] = [];
  private _hasMore = false;
  private _readOnly: ErrorInfo | null = null;
  private readonly _live = new Map<string, ILive>();
}

/**
 * A branch as far as one of its messages.
 *
 * @param parentId - that message; null: none of them.
 * @returns null when the message is not held.
 */
export function upTo(
  branch: readonly Message[],
  parentId: string | null | undefined
): readonly Message[] | null {
  if (!parentId) {
    return [];
  }
  const parent = branch.findIndex(({ message_id }) => message_id === parentId);
  return parent < 0 ? null : branch.slice(0, parent + 1);
}
