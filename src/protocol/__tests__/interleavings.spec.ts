/**
 * Random interleavings of questions, text, pauses, stops, ends, edits, branches, cuts, losses and doubles, seen by
 * several pages.
 *
 * Whatever happens in whichever order, in the end every page shows what the server has. A failure names its seed.
 */
import { random } from '../../__tests__/support/random';
import type { Message } from '../generated';
import { codePoints } from '../text';
import { ModelPage, ModelServer } from '../../__tests__/support/modelserver';

const SEEDS = Number(process.env.JSC_SEEDS ?? 500);
const STEPS = 120;
const WORDS = ['a', 'word ', '语言', '🙂', '👩‍👩‍👧', '\u0301', '\n\n', '😀b'];

class Plan {
  constructor(seed: number) {
    this._random = random(seed);
    this.pages = [1, 2, 3].map(() => new ModelPage(this.server, this._random));
  }

  readonly server = new ModelServer();
  readonly pages: ModelPage[];

  step(): void {
    const page = this._pick(this.pages)!;
    const run = this._pick(this.server.live);
    const act = this._pick([
      () => this._ask(),
      () => this._ask(),
      ...Array<() => void>(4).fill(() => run && this._write(run)),
      ...Array<() => void>(3).fill(() => run && page.tell(run.run_id)),
      ...Array<() => void>(4).fill(() => page.receive(1 + Math.floor(this._random() * 9))),
      () => run && this._random() < 0.5 && this.server.finish(run),
      () => run && this._random() < 0.3 && this._stop(run),
      () => run && this.server.toggle(run),
      () => this._onAnswer(answer => this.server.edit(answer)),
      () => this._onAnswer(answer => this.server.start(answer)),
      () => this._onAnswer(answer => this.server.select(answer), this.server.messages),
      () => page.cut(),
      () => page.isConnected || page.open(),
      () => page.isConnected || page.open(),
      () => page.disturb(this._pick(['lose', 'double', 'repeat'])!),
      () => page.loadOlder()
    ]);
    act?.();
  }

  /** Mend all connections, and let all that is on its way arrive. */
  settle(): void {
    for (const page of this.pages) {
      page.receive(Infinity);
      page.open();
      this.server.live.forEach(run => page.tell(run.run_id));
      page.settle();
      this.server.live.forEach(run => page.tell(run.run_id));
      page.settle();
    }
  }

  /** A question and its answer: at the end of the branch, or beside an earlier one. */
  private _ask(): void {
    if (this.server.live.length > 0) {
      return; // one answer at a time: the server refuses
    }
    const parent =
      this._random() < 0.7
        ? this.server.branch.slice(-1)[0]
        : this._pick(this.server.messages.filter(({ role }) => role === 'assistant'));
    const question = this.server.add('user', parent?.message_id ?? null);
    this.server.start(this.server.add('assistant', question.message_id));
  }

  private _write(run: ModelServer['live'][number]): void {
    const channel = this._random() < 0.2 ? 'reasoning' : 'content';
    this.server.write(run, channel, this._pick(WORDS)!);
  }

  /** Some of what was written had not been shown when somebody stopped it. */
  private _stop(run: ModelServer['live'][number]): void {
    const { content, reasoning } = this.server.texts.get(run.run_id)!;
    const [shown, thought] = [content, reasoning].map(text =>
      Math.floor(this._random() * (codePoints(text) + 1))
    );
    this.server.finish(run, { content: shown, reasoning: thought });
  }

  private _onAnswer(act: (answer: Message) => void, among = this.server.branchHeld): void {
    const answer = this._pick(among.filter(({ role }) => role === 'assistant'));
    if (answer && this.server.live.length === 0) {
      act(answer);
    }
  }

  private _pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this._random() * from.length)];
  }

  private readonly _random: () => number;
}

function shownBy({ transcript }: ModelPage): Message[] {
  return transcript.messages.map(message => ({
    ...message,
    content: [...transcript.content(message)]
  }));
}

it(`ends alike on all pages for ${SEEDS} plans made at random`, () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const plan = new Plan(seed);
    try {
      for (let at = 0; at < STEPS; at += 1) {
        plan.step();
      }
      plan.settle();
      for (const page of plan.pages) {
        expect(shownBy(page)).toEqual(plan.server.branch);
      }
    } catch (error) {
      throw new Error(`With seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
});
