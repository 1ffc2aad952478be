/**
 * Prompts of the user's own: found by `/` and a name, with places in braces that are filled when one is chosen. Pure.
 */

/** A prompt, as the settings hold it. */
export interface IPrompt {
  readonly name: string;
  /** A place is a name in braces: of a kind that can be attached, as `{selection}`, or to be typed over. */
  readonly text: string;
}

const SLASH = /^\/([^\s/]{0,60})$/;
const PLACE = /\{([^\s{}]{1,32})\}/g;

/** What is typed behind a `/` that begins the draft; null: the caret is not behind one. */
export function slashBefore(text: string, caret: number): string | null {
  return SLASH.exec(text.slice(0, caret))?.[1] ?? null;
}

/** The prompts whose names hold what is typed; those that begin with it come first. */
export function matching(prompts: readonly IPrompt[], query: string): readonly IPrompt[] {
  const wanted = query.toLowerCase();
  const rank = ({ name }: IPrompt) => name.toLowerCase().indexOf(wanted);
  return prompts.filter(each => rank(each) >= 0).sort((a, b) => +(rank(a) > 0) - +(rank(b) > 0));
}

export interface IFilled {
  readonly text: string;
  /** The first place that nothing was put into, as offsets in UTF-16; null: all are filled. */
  readonly open: { readonly start: number; readonly end: number } | null;
}

/**
 * Put texts into the places of a prompt. What is put in is not searched for places.
 *
 * @param read - the text for a place; null: there is none, and the place stays.
 */
export async function fill(
  prompt: string,
  read: (place: string) => Promise<string | null>
): Promise<IFilled> {
  const names = [...new Set([...prompt.matchAll(PLACE)].map(([, name]) => name))];
  const texts = new Map(
    await Promise.all(names.map(async name => [name, await read(name)] as const))
  );
  let text = '';
  let open: IFilled['open'] = null;
  let end = 0;
  for (const { 0: place, 1: name, index } of prompt.matchAll(PLACE)) {
    text += prompt.slice(end, index);
    const value = texts.get(name) ?? null;
    if (value === null) {
      open ??= { start: text.length, end: text.length + place.length };
    }
    text += value ?? place;
    end = index + place.length;
  }
  return { text: text + prompt.slice(end), open };
}
