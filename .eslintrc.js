const { readdirSync } = require('fs');
const path = require('path');

/** What is in src/, from the top down. A layer imports only itself and what is below it. */
const LAYERS = [
  ['index.ts'],
  ['commands.ts', 'contextplugin.ts', 'streamchat.ts'],
  ['chattabs.ts'],
  ['tokens.ts'],
  ['notebook', 'components'],
  ['chat'],
  ['context'],
  ['profiles'],
  ['i18n', 'icons.ts'],
  ['connection', 'markdown'],
  ['protocol']
];

for (const name of readdirSync(path.join(__dirname, 'src'))) {
  if (name !== '__tests__' && !LAYERS.flat().includes(name)) {
    throw new Error(`src/${name} belongs to no layer: give it one in .eslintrc.js`);
  }
}

const zones = LAYERS.slice(1).flatMap((names, above) =>
  names.map(name => ({
    target: `./src/${name}`,
    from: LAYERS.slice(0, above + 1)
      .flat()
      .map(source => `./src/${source}`),
    message: 'Imports go one way: see the layers in .eslintrc.js.'
  }))
);

module.exports = {
  root: true,
  parser: '@typescript-eslint/parser',
  parserOptions: { project: ['tsconfig.test.json', 'ui-tests/tsconfig.json'], tsconfigRootDir: __dirname, sourceType: 'module' },
  plugins: ['@typescript-eslint', 'import', 'react-hooks'],
  extends: [
    'eslint:recommended',
    'plugin:@typescript-eslint/strict',
    'plugin:react-hooks/recommended',
    'prettier'
  ],
  ignorePatterns: ['lib', 'node_modules', 'src/protocol/generated.ts'],
  env: { browser: true, es2022: true },
  settings: { 'import/resolver': { node: { extensions: ['.ts', '.tsx', '.js'] } } },
  reportUnusedDisableDirectives: true,
  rules: {
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/no-dynamic-delete': 'off',
    '@typescript-eslint/naming-convention': [
      'error',
      { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
    ],
    '@typescript-eslint/no-unused-vars': [
      'error',
      { ignoreRestSiblings: true, argsIgnorePattern: '^_', varsIgnorePattern: '^_' }
    ],
    'no-undef': 'off',
    curly: 'error',
    eqeqeq: 'error',
    'import/no-restricted-paths': ['error', { basePath: __dirname, zones }],
    'import/no-cycle': ['error', { ignoreExternal: true }]
  },
  overrides: [
    {
      files: ['**/__tests__/**', 'ui-tests/**'],
      rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
    },
    {
      // Playwright's fixtures are given `use`, which is no hook of React's.
      files: ['ui-tests/**'],
      rules: { 'react-hooks/rules-of-hooks': 'off' }
    }
  ]
};
