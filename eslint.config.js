import tseslint from 'typescript-eslint';

const noMathRandom = {
  object: 'Math',
  property: 'random',
  message: 'Use the counter-based generator of nn (src/nn/tensor/random.ts): runs must repeat.',
};

const noJsonParse = {
  object: 'JSON',
  property: 'parse',
  message: 'Use parseJsonText (src/nn/json.ts): it bounds the depth and refuses the key __proto__.',
};

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'dist',
      'runs',
      'demo-out',
      'out',
      'coverage',
      '**/*.tmp-*',
      '**/*.tmp-*.ts',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.browser.json', './demo/web/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-restricted-properties': ['error', noMathRandom],
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-debugger': 'error',
      'no-unreachable': 'error',
      'no-duplicate-case': 'error',
      'no-self-assign': 'error',
      'no-unsafe-finally': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/restrict-plus-operands': 'error',
    },
  },
  {
    files: ['src/nn/**/*.ts', 'src/aofd/**/*.ts'],
    ignores: ['src/aofd/cli/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/nn/json.ts'],
    rules: { 'no-restricted-properties': ['error', noMathRandom, noJsonParse] },
  },
  {
    // What must be longer says why: `// eslint-disable-next-line max-lines-per-function -- reason` above a
    // function, `/* eslint max-lines: off -- reason */` at the head of a file.
    files: [
      'src/**/*.ts',
      'bench/**/*.ts',
      'test/**/*.ts',
      'scripts/**/*.ts',
      'examples/**/*.ts',
      'demo/**/*.ts',
    ],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    // A suite is one function.
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // Chai assertions are expressions.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    rules: { 'no-restricted-properties': ['error', noMathRandom] },
  },
);
