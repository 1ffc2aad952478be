/**
 * Look a name up that comes from outside: `constructor` and the like are names as any other.
 */

/** The own value of a table; undefined for a name that it does not have. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return new Map(Object.entries(table)).get(name);
}
