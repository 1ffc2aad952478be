/**
 * A chat's server as the protocol describes it, and its pages behind connections that fail.
 *
 * It holds the truth in the plainest way and is no copy of the fold: a list of messages, a list of events, texts as
 * strings. What a page missed is sent again from these.
 */
import type { Message, Part, PartKind, PartLengths, RunInfo } from '../../protocol/generated';
import type { WrittenPart } from '../../protocol/parts';
import { codePoints, sliceCodePoints, StreamText } from '../../protocol/text';
import { Transcript, type TranscriptEvent } from '../../protocol/transcript';
import { runInfo } from './scriptedserver';

export const CHAT = 'chat-0001';

/** Events that the server can send again; who missed more gets a snapshot. */
const LOG_EVENTS = 8;
/** Messages of a snapshot, and of a page of older ones. */
const WINDOW = 6;

/** What a run has written, as a message's content has it. */
type Parts = WrittenPart[];
type Random = () => number;

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export class ModelServer {
  readonly pages: ModelPage[] = [];
  readonly messages: Message[] = [];
  readonly texts = new Map<string, Parts>();
  readonly log: TranscriptEvent[] = [];

  get live(): RunInfo[] {
    const runs = this.messages.flatMap(message => message.runs);
    return runs.filter(run => run.status !== 'finished');
  }

  /** The messages of the active branch, oldest first. */
  get branchHeld(): Message[] {
    const found: Message[] = [];
    for (let id = this._leaf; id; id = found[0].parent_id ?? null) {
      found.unshift(this.messages.find(message => message.message_id === id)!);
    }
    return found;
  }

  /** The same with the text so far. */
  get branch(): Message[] {
    return this.branchHeld.map(message => this._shown(message));
  }

  add(role: Message['role'], parent_id: string | null): Message {
    const message_id = `message-${this.messages.length}`;
    const content: Part[] = role === 'user' ? [{ type: 'text', text: `ask ${message_id}` }] : [];
    const added: Message = {
      ...{ message_id, chat_id: CHAT, role, author: 'Ada', content, created_at: 1, parent_id },
      runs: []
    };
    this.messages.push(added);
    this._leaf = message_id;
    this._publish({ type: 'message_added', chat_id: CHAT, seq: this._next, message: copy(added) });
    return added;
  }

  start(message: Message): void {
    const run_id = `run-${this.texts.size}`;
    const run = runInfo({ run_id, message_id: message.message_id, status: 'streaming' });
    message.runs.push(run);
    this.texts.set(run_id, []);
    this._publish({ type: 'run_started', chat_id: CHAT, seq: this._next, run: copy(run) });
  }

  /** A run writes; another kind than the last part's begins a part. */
  write({ run_id }: RunInfo, type: PartKind, text: string): void {
    const parts = this.texts.get(run_id)!;
    const last = parts[parts.length - 1];
    if (last?.type === type) {
      last.text += text;
    } else {
      parts.push({ type, text, run_id });
    }
  }

  /** Pause a run, or let it go on. It has no place in the sequence: who misses it, learns it when opening. */
  toggle(run: RunInfo): void {
    const isPaused = run.status === 'paused';
    run.status = isPaused ? 'streaming' : 'paused';
    run.pause = isPaused ? undefined : { reason: 'asked' };
    this.pages.forEach(page => page.take(progressOf(run)));
  }

  /** A run ends. `kept`: it was stopped, and so much of its text was shown. */
  finish(run: RunInfo, kept?: PartLengths): void {
    const parts = this.texts.get(run.run_id)!;
    const message = this.messages.find(each => each.message_id === run.message_id)!;
    message.content.push(...copy(parts));
    const digest = parts.map(({ text }) => new StreamText(text).digest);
    Object.assign(run, { status: 'finished', finish_reason: kept ? 'interrupted' : 'stop' });
    Object.assign(run, { digest, kept, pause: undefined });
    this._publish({ type: 'run_finished', chat_id: CHAT, seq: this._next, run: copy(run) });
  }

  /** A reader's own text comes to stand for an answer's. */
  edit(message: Message): void {
    message.content.push({ type: 'text', text: `edited at ${this.log.length}` });
    const event = { type: 'message_changed', chat_id: CHAT, seq: this._next } as const;
    this._publish({ ...event, message: copy(message) });
  }

  /** Another branch, as far as this message, becomes the active one. */
  select(message: Message): void {
    this._leaf = message.message_id;
    const branch = this.branch;
    const messages = branch.slice(-WINDOW);
    const has_more = branch.length > messages.length;
    this._publish({ type: 'branch_selected', chat_id: CHAT, seq: this._next, messages, has_more });
  }

  /** What is sent to a page that says how far it has come. */
  reopen(seq: number | null): TranscriptEvent[] {
    return [...this._missing(seq), ...this.live.map(progressOf)];
  }

  private _missing(seq: number | null): TranscriptEvent[] {
    const end = this.log.length;
    if (seq !== null && end - seq <= LOG_EVENTS) {
      return [{ type: 'chat_resumed', chat_id: CHAT, seq: end }, ...this.log.slice(seq)];
    }
    const messages = this.branch.slice(-WINDOW);
    const has_more = this.branch.length > messages.length;
    return [{ type: 'chat_opened', chat_id: CHAT, seq: end, messages, has_more }];
  }

  /** The messages before one; none if the active branch does not hold it. */
  older(before: string): TranscriptEvent[] {
    const at = this.branch.findIndex(({ message_id }) => message_id === before);
    const start = Math.max(0, at - WINDOW);
    const messages = this.branch.slice(start, at);
    const base = { type: 'messages_loaded', command_id: 'command-1', chat_id: CHAT } as const;
    return at < 0 ? [] : [{ ...base, before, messages, has_more: start > 0 }];
  }

  private get _next(): number {
    return this.log.length + 1;
  }

  private _publish(event: TranscriptEvent): void {
    this.log.push(event);
    this.pages.forEach(page => page.take(event));
  }

  private _shown(message: Message): Message {
    const writing = message.runs.filter(run => run.status !== 'finished');
    const live = writing.flatMap(run => this.texts.get(run.run_id)!);
    return copy({ ...message, content: [...message.content, ...live] });
  }

  private _leaf: string | null = null;
}

/** A page: what it holds, what is on its way to it, and how far its text was sent. */
export class ModelPage {
  readonly transcript = new Transcript(CHAT);

  constructor(
    private readonly _server: ModelServer,
    private readonly _random: Random
  ) {
    _server.pages.push(this);
  }

  get isConnected(): boolean {
    return this._wire !== null;
  }

  /** The server has an event for this page. All text of a run is sent before its end. */
  take(event: TranscriptEvent): void {
    if (event.type === 'run_finished') {
      this.tell(event.run.run_id);
    }
    this._wire?.push(copy(event));
  }

  /** Send the text that a run has written since, in pieces, some of it once more. */
  tell(run_id: string): void {
    const sent = this._sent.get(run_id) ?? [];
    this._server.texts.get(run_id)!.forEach(({ type: kind, text }, part) => {
      const end = codePoints(text);
      const from = Math.max(0, (sent[part] ?? 0) - Math.floor(this._random() * 4));
      const middle = from + Math.floor(this._random() * (end - from));
      for (const [start, stop] of [
        [from, middle],
        [middle, end]
      ]) {
        const piece = sliceCodePoints(text, start, stop);
        const delta = { type: 'delta', run_id, part, offset: start, text: piece } as const;
        this._wire?.push(start === 0 ? { ...delta, kind } : delta);
      }
      sent[part] = end;
    });
    this._sent.set(run_id, sent);
  }

  /** Connect, or open the chat once more over the connection that there is. */
  open(reason: 'opened' | 'gap' = 'opened'): void {
    this._wire ??= [];
    this._sent.clear();
    for (const [runId, lengths] of this.transcript.knownLengths) {
      this._sent.set(runId, lengths);
    }
    this._isOpening = true;
    const needsSnapshot = this._isDamaged || reason === 'gap';
    this._server
      .reopen(needsSnapshot ? null : this.transcript.seq)
      .forEach(event => this.take(event));
  }

  /** The connection is lost with all that was on its way. */
  cut(): void {
    this._wire = null;
  }

  /** One event on the way is lost, comes twice, or comes again later. */
  disturb(disturbance: 'lose' | 'double' | 'repeat'): void {
    const wire = this._wire ?? [];
    const at = Math.floor(this._random() * wire.length);
    const event = wire[at];
    // A snapshot is an answer: it comes once, or the connection is lost.
    if (event && !['chat_opened', 'chat_resumed', 'messages_loaded'].includes(event.type)) {
      if (disturbance === 'lose') {
        wire.splice(at, 1);
      } else {
        wire.splice(disturbance === 'double' ? at : wire.length, 0, event);
      }
    }
  }

  loadOlder(): void {
    const [first] = this.transcript.messages;
    if (first && this.transcript.hasMore) {
      this._wire?.push(...this._server.older(first.message_id));
    }
  }

  /** Events arrive; what is missing is asked for as a page does. */
  receive(count: number): void {
    for (; count > 0; count -= 1) {
      const event = this._wire?.shift();
      if (!event) {
        return;
      }
      const change = this.transcript.apply(event);
      if (change.kind === 'reset' || change.kind === 'resumed') {
        this._isOpening = false;
        this._isDamaged &&= change.kind !== 'reset';
      } else if (change.kind === 'run_finished' && !change.isIntact) {
        this._isDamaged = true;
        this.open();
      } else if (change.kind === 'gap' && !this._isOpening) {
        this.open('gap');
      }
    }
  }

  /** Everything has arrived, as far back as the chat goes. */
  settle(): void {
    for (let round = 0; round < 100; round += 1) {
      this.receive(Infinity);
      if (!this.transcript.hasMore) {
        return;
      }
      this.loadOlder();
    }
    throw new Error('The page never comes to rest');
  }

  private _wire: TranscriptEvent[] | null = null;
  private _isOpening = false;
  /** A text is not the server's: nothing but a snapshot mends it. */
  private _isDamaged = false;
  private readonly _sent = new Map<string, PartLengths>();
}

function progressOf({ run_id, status, pause }: RunInfo): TranscriptEvent {
  return { type: 'run_progressed', chat_id: CHAT, run_id, status, pause };
}
