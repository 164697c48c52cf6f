import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Timers, clocks and randomness reach these folders through ports, so that tests own time. */
const impureGlobals = [
  { name: 'setTimeout', message: 'Take a Clock.' },
  { name: 'setInterval', message: 'Take a Clock.' },
  { name: 'setImmediate', message: 'Take a Clock.' },
  { name: 'Date', message: 'Take a Clock.' },
  { name: 'process', message: 'Configuration and signals belong to app/.' },
];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/', 'node_modules/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Options of libraries are classes in their types and plain objects in every use.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // tsc asks for obj['key'] where the type has an index signature.
      '@typescript-eslint/dot-notation': 'off',
      // `void promise` is how a promise whose failure is handled inside is marked.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      complexity: ['error', 16],
      eqeqeq: 'error',
      'no-console': 'error',
      // Code of a protocol looks for control characters on purpose.
      'no-control-regex': 'off',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/core/**', 'src/messaging/**', 'src/status/**', 'src/schema/**'],
    rules: { 'no-restricted-globals': ['error', ...impureGlobals] },
  },
  {
    files: [
      'src/cli/**',
      'test/run.ts',
      'test/fuzz/run.ts',
      'test/chaos/**',
      'test/support/**',
      'scripts/**',
      'examples/**',
      'bench/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      // chai's assertions are property accesses.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        AbortSignal: 'readonly',
        clearTimeout: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    files: ['src/dashboard/browser/*.js'],
    languageOptions: {
      globals: {
        window: 'readonly',
        document: 'readonly',
        location: 'readonly',
        history: 'readonly',
        sessionStorage: 'readonly',
        requestAnimationFrame: 'readonly',
        cancelAnimationFrame: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        AbortController: 'readonly',
        EventSource: 'readonly',
        Node: 'readonly',
        Intl: 'readonly',
        URLSearchParams: 'readonly',
        process: 'off',
      },
    },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 16],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
);
