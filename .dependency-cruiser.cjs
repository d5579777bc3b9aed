/**
 * "X may import Y, and nothing else of ours". Each rule forbids the complement;
 * packages and Node's own modules are limited by the rules at the end.
 */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});

const tensorBasics = '^src/nn/tensor/(shape|dtype)\\.ts$';
const engineErrors = '^src/nn/gpu/errors\\.ts$';
const pureAofd = '^src/aofd/(boxes|anchors|matcher|sampler|eval)(/|\\.ts$)';
const aofdConfig = '^src/aofd/config(/|\\.ts$)';
const aofdData = '^src/aofd/(data|train/writers)/';
const nnPublic = '^src/nn/index\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nn-knows-no-faces',
      severity: 'error',
      from: { path: '^src/nn/' },
      to: { path: '^src/(aofd|web)/' },
    },
    only('basics-import-nothing', '^src/nn/(tensor/(shape|dtype)|kernel/preprocess)\\.ts$', [
      engineErrors,
      tensorBasics,
    ]),
    only('errors-import-nothing', engineErrors, []),
    only('platform-stands-alone', '^src/nn/platform/', [engineErrors]),
    only('gpu', '^src/nn/gpu/', ['^src/nn/platform/', '^src/nn/(kernel|tensor)/']),
    only('kernel', '^src/nn/kernel/', [
      '^src/nn/(gpu|platform)/',
      tensorBasics,
      '^src/nn/kernels\\.generated',
    ]),
    only('tensor', '^src/nn/tensor/', ['^src/nn/(kernel|gpu|platform)/']),
    only('cpu-shares-no-kernel-code', '^src/nn/cpu/', [tensorBasics, engineErrors]),
    only('autograd', '^src/nn/autograd/', ['^src/nn/(tensor|kernel|gpu)/']),
    only('ops', '^src/nn/ops/', [
      '^src/nn/(kernel|tensor|autograd|gpu|platform)/',
      '^src/nn/tune/(table|registry)\\.ts$',
    ]),
    only('tuned-choices', '^src/nn/tune/(table|registry)\\.ts$', ['^src/nn/(gpu|platform)/']),
    only('layers-optim', '^src/nn/(layers|optim)/', [
      '^src/nn/(layers|optim|ops|tensor|autograd|gpu|kernel)/',
    ]),
    only('io', '^src/nn/io/', ['^src/nn/(tensor|gpu)/']),
    only(
      'detection-parts-are-plain',
      pureAofd,
      // The generator of random numbers is plain arithmetic too.
      [engineErrors, '^src/aofd/errors\\.ts$', '^src/aofd/data/rng\\.ts$'],
      'plain typed arrays, no tensor, no device',
    ),
    only('plots-know-no-faces', '^src/aofd/plot/', [], 'plain data in, SVG out'),
    only('evaluate', '^src/aofd/evaluate/', [
      pureAofd,
      aofdConfig,
      '^src/aofd/(data|infer|plot)/',
      '^src/nn/io/',
    ]),
    {
      name: 'evaluations-run-the-detector-in-one-place',
      comment: 'Result files are scored without an engine: only the runner reaches the network.',
      severity: 'error',
      from: { path: '^src/aofd/evaluate/', pathNot: '/runner\\.node\\.ts$' },
      to: { path: '^src/(nn/(?!io/)|aofd/infer/detector)' },
    },
    {
      name: 'nothing-but-the-cli-imports-evaluations',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/aofd/(evaluate|cli)/' },
      to: { path: '^src/aofd/evaluate/' },
    },
    only('config-imports-nothing', aofdConfig, ['^src/aofd/errors\\.ts$']),
    only('data', aofdData, [
      pureAofd,
      aofdConfig,
      nnPublic,
      '^src/nn/(io|cpu|tensor)/',
      '^src/aofd/errors\\.ts$',
    ]),
    {
      name: 'aofd-uses-public-nn',
      severity: 'error',
      from: { path: '^src/aofd/' },
      to: {
        path: '^src/nn/',
        pathNot: [nnPublic, '^src/nn/(io|platform|check|tune)/[^/]+\\.ts$', engineErrors],
      },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/aofd/cli/' },
      to: { path: '^src/aofd/cli/' },
    },
    {
      name: 'only-node-platform-imports-webgpu',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/nn/platform/node\\.ts$' },
      to: { path: '(^|/)node_modules/webgpu/' },
    },
    {
      name: 'files-only-in-node-files',
      comment:
        'Browser bundles must not reach fs: Node-only files are platform/node.ts, *.node.ts, nn/io and the CLI.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '\\.node\\.ts$',
          '^src/nn/platform/node\\.ts$',
          '^src/nn/io/',
          '^src/aofd/cli/',
          '^src/aofd/(data|train|eval)/',
        ],
      },
      to: {
        path: '^(node:)?(fs|child_process|os|worker_threads|zlib)',
        dependencyTypes: ['core'],
      },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-packages',
      severity: 'error',
      // The bootstrap of the data thread is used only while sources run uncompiled, under tsx.
      from: {
        path: '^src/',
        pathNot: '^src/aofd/(data/|infer/picture-)worker-source\\.node\\.mjs$',
      },
      to: {
        dependencyTypes: ['npm-dev'],
        pathNot: ['node_modules/@webgpu/types', 'node_modules/@types/'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
