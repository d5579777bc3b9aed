import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { GpuContext } from '../../../src/nn/gpu/context.js';
import { PlatformError, type TuningFile } from '../../../src/nn/platform/types.js';
import { readTuningFiles, tuningFile } from '../../../src/nn/platform/node/tuning-files.js';
import {
  convCandidates,
  convShapeOf,
  linearCandidates,
} from '../../../src/nn/ops/tuning/candidates.js';
import { fastest } from '../../../src/nn/ops/tuning/measure.js';
import {
  kernelHash,
  observePlans,
  setTuningTables,
  tunedLayer,
  tuningTables,
  tuningWarnings,
} from '../../../src/nn/ops/tuning/registry.js';
import {
  convKey,
  formatTable,
  linearKey,
  lookup,
  parseConvKey,
  parseLinearKey,
  parseTable,
  slugOf,
  type TuningTable,
} from '../../../src/nn/ops/tuning/table.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const table = (layers: TuningTable['layers']): TuningTable => ({
  version: 1,
  adapter: 'Some GPU, driver 1',
  kernels: '0123',
  layers,
});

const shape = { n: 2, c: 64, h: 30, w: 40, o: 96, kh: 3, kw: 1, stride: 2, pad: 1, dilation: 1 };

describe('tuning tables', () => {
  const at = useSuiteFolder();

  it('name layers by their sizes, both ways', () => {
    expect(parseConvKey(convKey(shape))).to.deep.equal(shape);
    expect(parseConvKey(linearKey({ r: 1, i: 2, o: 3 }))).to.equal(null);
    expect(parseLinearKey(linearKey({ r: 128, i: 25088, o: 4096 }))).to.deep.equal({
      r: 128,
      i: 25088,
      o: 4096,
    });
    expect(parseLinearKey(convKey(shape))).to.equal(null);
    expect(slugOf('llvmpipe: Mesa 25.0 (LLVM 15, 256 bits)')).to.equal(
      'llvmpipe-mesa-25-0-llvm-15-256-bits',
    );
  });

  it('look up pass by pass, earlier tables first; unknown layers are left to the rules', () => {
    const user = table({ a: { forward: { algorithm: 'lanes' } } });
    const shipped = table({
      a: { forward: { algorithm: 'naive' }, weightGradient: { algorithm: 'naive' } },
      b: { forward: { algorithm: 'tile', tile: 2 } },
    });
    expect(lookup([user, shipped], 'a')).to.deep.equal({
      forward: { algorithm: 'lanes' },
      weightGradient: { algorithm: 'naive' },
    });
    expect(lookup([user, shipped], 'b')).to.deep.equal({ forward: { algorithm: 'tile', tile: 2 } });
    expect(lookup([user, shipped], 'c')).to.equal(undefined);
    expect(lookup([user], 'toString')).to.equal(undefined);
    expect(lookup([], 'a')).to.equal(undefined);
  });

  it('are written and read without loss, and damage is named', () => {
    const t = table({
      b: { forward: { algorithm: 'tile', tile: 2, ms: 1.5 } },
      a: { inputGradient: { algorithm: 'lanes' } },
    });
    const text = formatTable(t);
    expect(parseTable(text, 'x.json')).to.deep.equal(t);
    expect(text.indexOf('"a"')).to.be.lessThan(text.indexOf('"b"'));
    expect(parseTable(formatTable(table({})), 'x.json').layers).to.deep.equal({});
    for (const [bad, message] of [
      ['{', /x\.json.*not JSON.*Fix: delete/s],
      ['{"version":2}', /"version": 1/],
      ['null', /"version": 1/],
      ['{"version":1,"adapter":"a"}', /must be text/],
      ['{"version":1,"adapter":"a","kernels":"k"}', /must be an object/],
      [text.replace('inputGradient', 'sideways'), /"a" has a bad entry "sideways"/],
    ] as const) {
      expect(() => parseTable(bad, 'x.json'), bad).to.throw(message);
    }
  });

  it('are read with the names that earlier versions wrote', () => {
    const text = formatTable(table({ a: { forward: { algorithm: 'direct', ms: 2 } } }));
    expect(parseTable(text, 'x.json').layers).to.deep.equal({
      a: { forward: { algorithm: 'lanes', ms: 2 } },
    });
  });

  it('lie in AOFD_TUNE_CACHE, the cache folder, and the package', () => {
    const folder = at();
    const before = process.env['AOFD_TUNE_CACHE'];
    try {
      process.env['AOFD_TUNE_CACHE'] = folder;
      expect(tuningFile('some-gpu')).to.equal(at('some-gpu.json'));
      expect(readTuningFiles(folder, 'some-gpu', 'gpu')).to.deep.equal([]);
      writeFileSync(at('some-gpu.json'), 'mine');
      mkdirSync(at('tune'));
      writeFileSync(at('tune', 'gpu.json'), 'ours');
      const files = readTuningFiles(folder, 'some-gpu', 'gpu');
      expect(files.map((f) => [f.text, f.isShipped])).to.deep.equal([
        ['mine', false],
        ['ours', true],
      ]);
      expect(readTuningFiles(folder, 'other', 'lavapipe')).to.deep.equal([]);
      mkdirSync(at('other.json'));
      const [unreadable] = readTuningFiles(folder, 'other', 'lavapipe');
      expect(unreadable?.text).to.be.instanceOf(PlatformError);
    } finally {
      if (before === undefined) delete process.env['AOFD_TUNE_CACHE'];
      else process.env['AOFD_TUNE_CACHE'] = before;
    }
  });
});

describe('tuning tables of a device', () => {
  /** A context whose platform has these files and one kernel of this text. */
  function contextWith(files: TuningFile[], kernel = 'fn main() {}'): GpuContext {
    return {
      adapter: { description: 'Some GPU, driver 1', kind: 'gpu' },
      platform: {
        kernelNames: () => ['conv/naive_conv', 'pool/max_pool'],
        loadKernelSource: (name: string) => (name.startsWith('conv') ? kernel : 'other'),
        tuningFiles: () => files,
      },
    } as unknown as GpuContext;
  }
  const layers = { a: { forward: { algorithm: 'lanes' } } };

  it('the user’s counts while driver and kernels are the same, the shipped one always', () => {
    const kernels = kernelHash(contextWith([]));
    expect(kernels).to.match(/^[0-9a-f]{16}$/);
    const own = { where: 'own.json', isShipped: false };
    const mine = { ...own, text: formatTable({ ...table(layers), kernels }) };
    const shipped = { where: 'gpu.json', isShipped: true, text: formatTable(table({})) };
    expect(tuningTables(contextWith([mine, shipped]))).to.have.length(2);
    expect(tunedLayer(contextWith([mine, shipped]), 'a')).to.deep.equal(layers.a);
    expect(tuningTables(contextWith([mine, shipped], 'fn main() { }'))).to.have.length(1);
    const driver2 = { ...table(layers), kernels, adapter: 'Some GPU, driver 2' };
    const stale = { ...own, text: formatTable(driver2) };
    expect(tuningTables(contextWith([stale]))).to.deep.equal([]);
  });

  it('that cannot be read are left out with a warning; the others stay in force', () => {
    const good = { where: 'gpu.json', isShipped: true, text: formatTable(table(layers)) };
    const entry = (value: unknown): string =>
      JSON.stringify({ version: 1, adapter: 'a', kernels: 'k', layers: value });
    const broken = [
      '',
      '[',
      'null',
      '[1]',
      '{"version":2}',
      '['.repeat(100_000),
      '{"version":1,"__proto__":{"polluted":1}}',
      '{"version":1,"adapter":1,"kernels":"k","layers":{}}',
      entry(null),
      entry([{}]),
      entry({ a: null }),
      entry({ a: { forward: null } }),
      entry({ a: { forward: { algorithm: 1 } } }),
      entry({ a: { sideways: { algorithm: 'lanes' } } }),
      entry({ a: { forward: { algorithm: 'tile', tile: 1e9 } } }),
      entry({ a: { forward: { algorithm: 'tile', tile: -1 } } }),
      entry({ a: { forward: { algorithm: 'lanes', ms: 'x' } } }),
      new PlatformError('tuning-table', 'cannot be read (EACCES).', { where: 'own.json' }),
    ];
    for (const text of broken) {
      const context = contextWith([{ where: 'own.json', isShipped: false, text }, good]);
      expect(tunedLayer(context, 'a'), String(text).slice(0, 80)).to.deep.equal(layers.a);
      const [warning = '', ...more] = tuningWarnings(context);
      expect(warning).to.match(/^going on without this tuning table: own\.json: /);
      expect(more).to.deep.equal([]);
    }
    expect(tuningWarnings(contextWith([good]))).to.deep.equal([]);
  });

  it('can be replaced, and plans be watched', () => {
    const context = contextWith([]);
    expect(tunedLayer(context, 'a')).to.equal(undefined);
    setTuningTables(context, [table(layers)]);
    const seen: string[] = [];
    const stop = observePlans(context, (key) => seen.push(key));
    expect(tunedLayer(context, 'a')).to.deep.equal(layers.a);
    stop();
    tunedLayer(context, 'b');
    expect(seen).to.deep.equal(['a']);
  });
});

describe('tuning candidates', () => {
  const tile = { workgroupBytes: 32768, invocations: 1024, bindingLimit: 2 ** 31 };
  const software = { lanes: 8, maxTextureSide: 16384, maxTextureLayers: 2048, tile };
  const names = (list: { algorithm: string; tile?: number }[]): string[] =>
    list.map((c) => c.algorithm + (c.tile === undefined ? '' : String(c.tile)));

  it('begin with the choice of the rules and hold what is possible', () => {
    const large = convShapeOf({ ...shape, kw: 3, stride: 1, n: 1 });
    const caps = { ...software, kind: 'lavapipe' as const };
    expect(names(convCandidates(large, caps, 'forward'))).to.deep.equal([
      'winograd4',
      'lanes',
      'winograd2',
    ]);
    const strided = convShapeOf({ ...shape, kw: 3 });
    expect(names(convCandidates(strided, caps, 'forward'))).to.deep.equal(['lanes']);
    const small = convShapeOf({ ...shape, c: 4, o: 4, kw: 3 });
    expect(names(convCandidates(small, caps, 'forward'))).to.deep.equal(['naive', 'lanes']);
    const head = { r: 128, i: 160, o: 96 };
    expect(names(linearCandidates(head, caps, 'forward'))).to.deep.equal(['lanes', 'naive']);
  });

  it('are every tile on a GPU', () => {
    const caps = { ...software, lanes: 0, kind: 'gpu' as const };
    const s = convShapeOf({ ...shape, kw: 3, stride: 1, h: 60, w: 80 });
    const found = names(convCandidates(s, caps, 'weightGradient'));
    expect(found).to.include.members(['tile', 'tile0', 'tile1', 'tile4']);
    expect(found).to.not.include('lanes');
    const few = { ...caps, tile: { ...tile, invocations: 64 } };
    expect(names(convCandidates(s, few, 'forward'))).to.not.include('tile3');
    expect(names(linearCandidates({ r: 128, i: 4096, o: 4096 }, caps, 'forward'))).to.include(
      'tile3',
    );
  });

  it('the rules win unless another is faster by the margin', () => {
    const two = [{ algorithm: 'lanes' }, { algorithm: 'winograd4' }];
    expect(fastest(two, [10, 9.9], 1.05)).to.deep.equal({ algorithm: 'lanes', ms: 10 });
    expect(fastest(two, [10, 9], 1.05)).to.deep.equal({ algorithm: 'winograd4', ms: 9 });
  });
});
