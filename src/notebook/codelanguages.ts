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
