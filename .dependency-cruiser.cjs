/**
 * "X may import Y, and nothing else of ours". Each rule forbids the complement; packages and Node's own
 * modules are limited by the rules at the end. Type-only imports count like others, except for circles.
 */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|bench)/', pathNot: [from, ...allowed] },
});

const engineBase = '^src/nn/(errors|json)\\.ts$';
const tensorBasics = '^src/nn/tensor/(shape|dtype)\\.ts$';
const nnPublic = '^src/nn/index\\.ts$';
const aofdErrors = '^src/aofd/errors\\.ts$';
const config = '^src/aofd/config/';
const boxes = '^src/aofd/boxes/';
const formats = '^src/aofd/formats/';
const statistics = '^src/aofd/eval/statistics/';
/** Rooms and files in which Node's modules may be used; the rest can be bundled for a browser. */
const nodeRooms = [
  '^src/nn/platform/node/',
  '^src/nn/io/files/',
  '^src/aofd/(cli|eval)/',
  '^src/aofd/[a-z]+/(vgg16/)?files(/|\\.ts$)',
  '^src/aofd/data/(sets|batches)/',
  '^src/aofd/train/run/',
  '^src/aofd/study/',
];
/** Packages of bench/peers, which are installed beside it and not by `npm ci` (docs/benchmarks.md). */
const optionalPeers = Object.keys(require('./bench/peers/package.json').dependencies).map(
  (name) => `^${name}(/|$)`,
);

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },

    // The engine, from the ground up: a layer imports those that stand above it in this list.
    only('errors-and-json-import-nothing', engineBase, []),
    only('basics', '^src/nn/(tensor/(shape|dtype)|kernel/preprocess)\\.ts$', [
      engineBase,
      tensorBasics,
    ]),
    only('platform', '^src/nn/platform/', [engineBase]),
    only('gpu', '^src/nn/gpu/', ['^src/nn/platform/', engineBase]),
    only('kernel', '^src/nn/kernel/', ['^src/nn/(gpu|platform)/', engineBase, tensorBasics]),
    only('tensor', '^src/nn/tensor/', ['^src/nn/(kernel|gpu|platform)/', engineBase]),
    only('autograd', '^src/nn/autograd/', ['^src/nn/(tensor|kernel|gpu)/', engineBase]),
    only('ops', '^src/nn/ops/', ['^src/nn/(kernel|tensor|autograd|gpu|platform)/', engineBase]),
    only('optim', '^src/nn/optim/', ['^src/nn/(ops|tensor|autograd|gpu|kernel)/', engineBase]),
    only('profile', '^src/nn/profile/', ['^src/nn/(tensor|kernel|gpu|platform)/', engineBase]),
    only('twins-share-no-kernel-code', '^src/nn/twins/', [tensorBasics, engineBase]),
    only('io', '^src/nn/io/', ['^src/nn/tensor/', engineBase]),
    {
      name: 'nn-knows-no-faces',
      severity: 'error',
      from: { path: '^src/nn/' },
      to: { path: '^(src/aofd|bench)/' },
    },

    // The detector.
    {
      name: 'aofd-uses-public-nn',
      severity: 'error',
      from: { path: '^src/aofd/' },
      to: {
        path: '^src/nn/',
        pathNot: [
          nnPublic,
          engineBase,
          '^src/nn/browser-forward\\.ts$',
          '^src/nn/(io|io/files|platform|platform/node|check|ops/tuning)/[^/]+\\.ts$',
        ],
      },
    },
    only('config', config, [aofdErrors, engineBase]),
    only(
      'boxes-are-plain',
      boxes,
      [config, engineBase, aofdErrors],
      'plain typed arrays and settings: no tensor, no device',
    ),
    only(
      'statistics-are-plain',
      statistics,
      [boxes, aofdErrors, engineBase, '^src/aofd/data/rng\\.ts$'],
      'plain typed arrays; the random numbers are a counter hashed, without state or files',
    ),
    only(
      'plots-know-no-faces',
      '^src/aofd/eval/report/plot/',
      ['^src/nn/platform/node/packages\\.ts$'],
      'plain data in, SVG and PNG out; the font lies in a package',
    ),
    only(
      'formats',
      formats,
      ['^src/nn/io/', engineBase],
      'files of other tools: values, no meaning',
    ),
    only('data', '^src/aofd/data/', [
      boxes,
      config,
      formats,
      nnPublic,
      '^src/nn/io/',
      '^src/nn/platform/node/packages\\.ts$',
      aofdErrors,
      engineBase,
    ]),
    only('model', '^src/aofd/model/', [
      boxes,
      config,
      nnPublic,
      '^src/nn/ops/tuning/',
      aofdErrors,
      engineBase,
    ]),
    only('weights', '^src/aofd/weights/', [
      '^src/aofd/model/',
      config,
      nnPublic,
      '^src/nn/(io|platform/node)/',
      aofdErrors,
      engineBase,
    ]),
    only('losses', '^src/aofd/train/losses/', [
      '^src/aofd/model/',
      boxes,
      config,
      nnPublic,
      aofdErrors,
    ]),
    {
      name: 'nothing-below-imports-training',
      severity: 'error',
      from: { path: '^src/aofd/(boxes|config|data|model|weights|detect|eval)/' },
      to: { path: '^src/aofd/train/' },
    },
    {
      name: 'nothing-but-the-cli-imports-studies',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/aofd/(study|cli)/' },
      to: { path: '^src/aofd/study/' },
    },
    only(
      'study-statistics-are-plain',
      '^src/aofd/study/statistics/',
      [statistics],
      'plain numbers in, plain numbers out',
    ),
    {
      name: 'evaluations-run-the-detector-in-one-place',
      comment: 'Result files are scored without an engine: only the runner reaches the network.',
      severity: 'error',
      from: { path: '^src/aofd/eval/', pathNot: '/detections/runner\\.ts$' },
      to: {
        path: '^src/(nn/(?!io/|errors|json|platform/node/packages)|aofd/detect/detector)',
      },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/aofd/cli/' },
      to: { path: '^src/aofd/cli/' },
    },
    {
      name: 'the-product-knows-no-harness',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(bench|test|scripts|examples|demo)/' },
    },

    // Packages and Node.
    {
      name: 'only-node-platform-imports-webgpu',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/nn/platform/node/' },
      to: { path: '(^|/)node_modules/webgpu/' },
    },
    {
      name: 'files-only-in-node-rooms',
      comment: 'Browser bundles must not reach fs.',
      severity: 'error',
      from: { path: '^src/', pathNot: nodeRooms },
      to: {
        path: '^(node:)?(fs|child_process|os|worker_threads|zlib|path|url|process|module)',
        dependencyTypes: ['core'],
      },
    },
    {
      name: 'no-unresolvable',
      comment: 'The harness compares with other libraries where somebody has installed them.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: optionalPeers },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      // The bootstrap of a thread is used only while sources run uncompiled, under tsx.
      from: { path: '^src/', pathNot: 'worker-source\\.mjs$' },
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
