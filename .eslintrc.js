/** A newcomer follows a token in one direction: a layer imports only what is below it. */
const LAYERS = [
  ['src/index.ts'],
  ['src/commands.ts'],
  ['src/components'],
  ['src/model.ts', 'src/workspace.ts', 'src/chat.ts', 'src/textviews.ts', 'src/a11y.ts', 'src/errortext.ts', 'src/icons.ts'],
  ['src/connection.ts', 'src/storage.ts', 'src/transcript.ts', 'src/markdown'],
  ['src/protocol']
];

const zones = LAYERS.slice(1).flatMap((targets, level) =>
  targets.map(target => ({
    target: `./${target}`,
    from: LAYERS.slice(0, level + 1).flat().map(source => `./${source}`),
    message: 'Imports go one way: index > commands > components > model > connection, transcript, markdown > protocol.'
  }))
);

module.exports = {
  root: true,
  parser: '@typescript-eslint/parser',
  parserOptions: { project: 'tsconfig.test.json', sourceType: 'module' },
  plugins: ['@typescript-eslint', 'import', 'react-hooks'],
  extends: [
    'eslint:recommended',
    'plugin:@typescript-eslint/recommended',
    'plugin:react-hooks/recommended',
    'prettier'
  ],
  ignorePatterns: ['lib', 'node_modules', 'src/protocol/generated.ts'],
  env: { browser: true, es2022: true },
  settings: { 'import/resolver': { node: { extensions: ['.ts', '.tsx', '.js'] } } },
  rules: {
    '@typescript-eslint/no-explicit-any': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/naming-convention': [
      'error',
      { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
    ],
    '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    'no-undef': 'off',
    curly: 'error',
    eqeqeq: 'error',
    'import/no-restricted-paths': ['error', { zones }],
    'import/no-cycle': 'error'
  }
};
