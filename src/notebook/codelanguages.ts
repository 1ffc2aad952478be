/**
 * Which fences of an answer hold code of a notebook's language: models give one language many names.
 */

/** Names of languages under which a model writes no program: what a program prints, and commands for a shell. */
const NO_CODE = new Set([
  'text',
  'txt',
  'output',
  'console',
  'plaintext',
  'stdout',
  'traceback',
  'bash',
  'sh',
  'shell'
]);

/** Names that models give one language. The kernel's own name is the key. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  python: ['py', 'python3', 'ipython', 'ipython3', 'pycon'],
  javascript: ['js', 'node'],
  typescript: ['ts'],
  'c++': ['cpp', 'cxx'],
  bash: ['sh', 'shell', 'zsh', 'console'],
  markdown: ['md']
};

/**
 * Whether a fence holds code of a kernel's language; one that names no language does.
 *
 * @param named - the fence's language, as the model wrote it.
 * @param language - the kernel's, in lower case.
 */
export function isLanguage(named: string, language: string): boolean {
  const name = named.toLowerCase();
  if (name === '' || name === language || ALIASES[language]?.includes(name)) {
    return true;
  }
  return !NO_CODE.has(name) && !isKnown(name) && language.startsWith(name);
}

function isKnown(name: string): boolean {
  return Object.entries(ALIASES).some(([key, others]) => name === key || others.includes(name));
}

/** The magic that a cell begins with, and what it makes of the lines below. */
export interface ICellMagic {
  /** The whole first line of the cell. */
  readonly line: string;
  /** In lower case; null: any. */
  readonly language: string | null;
}

/** Magics whose name is not that of their language. */
const MAGIC_LANGUAGES: Readonly<Record<string, string | null>> = {
  sh: 'bash',
  script: 'bash',
  '!': 'bash',
  js: 'javascript',
  svg: 'html',
  writefile: null,
  file: null
};

/** The magic that a cell begins with; null: none. */
export function cellMagicOf(source: string): ICellMagic | null {
  const [line] = source.trimStart().split(/\r?\n/, 1);
  const name = /^%%(!|\w+)/.exec(line)?.[1].toLowerCase();
  if (name === undefined) {
    return null;
  }
  return { line, language: name in MAGIC_LANGUAGES ? MAGIC_LANGUAGES[name] : name };
}

/** Whether a fence holds what a cell magic takes; one that names no language does. */
export function isMagicLanguage(named: string, { language }: ICellMagic): boolean {
  return language === null || isLanguage(named, language);
}
