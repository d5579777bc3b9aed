import * as fs from 'node:fs';
import { expect } from 'chai';
import { writeDrawnSetAsync } from '../../../scripts/bundle/on-site/drawn-set.js';
import { parseOptions, UsageError } from '../../../scripts/bundle/on-site/options.js';
import { NothingToRun } from '../../../scripts/bundle/on-site/part.js';
import { allParts, PARTS, type Site } from '../../../scripts/bundle/on-site/parts.js';
import { runCommandAsync } from '../../../scripts/bundle/on-site/processes.js';
import { givenData } from '../../../scripts/bundle/on-site/training-data.js';
import { chooseVulkan, type Machine } from '../../../scripts/bundle/on-site/vulkan.js';
import { loadConfig } from '../../../src/aofd/config/files.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('the run on another machine', () => {
  const inFolder = useTempFolder();
  const write = (name: string, content: unknown): void => {
    const file = inFolder(name);
    fs.mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  const site = (): Site => ({
    app: '/archive/app',
    out: inFolder(),
    data: null,
    device: 'gpu',
    minutes: 8,
    threads: 16,
    drawn: '/drawn/train.json',
  });

  it('reads its options', () => {
    expect(parseOptions([], { OUT: '/results' }, PARTS)).to.deep.include({
      out: '/results',
      minutes: 8,
      data: null,
      only: null,
    });
    expect(parseOptions(['--only', 'doctor, tune', '--minutes', '0.5'], {}, PARTS)).to.deep.include(
      { only: ['doctor', 'tune'], minutes: 0.5 },
    );
    expect(parseOptions(['-h'], {}, PARTS)).to.equal('help');
    for (const wrong of [['--only', 'x'], ['--minutes', 'x'], ['--minutes', '0'], ['--x'], ['x']]) {
      expect(() => parseOptions(wrong, {}, PARTS), wrong.join(' ')).to.throw(UsageError);
    }
  });

  it('has its parts in order, whose shares leave some time for training', () => {
    const parts = allParts(site());
    expect(parts.map(({ name }) => name)).to.deep.equal(PARTS);
    const before = parts.slice(0, -1).reduce((sum, { share }) => sum + share, 0);
    expect(before).to.be.within(0.5, 0.9);
    for (const part of parts) {
      for (const args of part.commands()) expect(args.join(' ')).to.contain('--device gpu');
    }
    expect(parts.at(-1)?.commands()[0]).to.include.members([
      '/drawn/train.json',
      'train.workers=12',
    ]);
  });

  it('measures less on a software adapter', () => {
    const bench = allParts(site()).find(({ name }) => name === 'bench');
    expect(bench?.commands()[0]).not.to.include('--quick');
    write('doctor/doctor.json', { adapter: { isSoftware: true } });
    expect(bench?.commands()[0]).to.include('--quick');
  });

  it('says what the files of each part hold', () => {
    const byName = new Map(allParts(site()).map((part) => [part.name, part]));
    const found = (name: string) => byName.get(name)!.findings();
    for (const name of PARTS) expect(found(name).isEmpty, name).to.equal(true);
    write('kernels/kernels.json', {
      adapter: 'card',
      planned: 10,
      passed: 6,
      skipped: 1,
      failures: [{ name: 'conv/x: parity', message: 'off by one' }],
    });
    expect(found('kernels').said[0]).to.equal(
      '6 checks passed, 1 failed, 1 not for this adapter, 2 of 10 not reached, on card',
    );
    expect(found('kernels').isBad).to.equal(true);
    write('tune/card.json', {
      layers: { a: { forward: { algorithm: 'tile', tile: 3 }, dX: { algorithm: 'naive' } } },
    });
    expect(found('tune').said).to.deep.equal(['card.json: 2 passes timed (tile 3: 1, naive: 1)']);
    const rate = { preset: 'paper', images: 1, width: 512, height: 512, peakMegabytes: 900 };
    write('paper/rate.json', { ...rate, coldMs: 3000, stepMs: [100, 125, 400] });
    expect(found('paper').values).to.deep.include({ imagesPerSecond: 8, stepMs: 125 });
    write('paper/rate.json', { ...rate, coldMs: null, stepMs: [] });
    expect(found('paper').said[0]).to.contain('not even the first');
    const line = (step: number, total: number): string =>
      `${JSON.stringify({ kind: 'progress', step, msPerStep: 50, dataShare: 0.5, losses: { total } })}\n`;
    write('train/config.json', { train: { batch: 4 } });
    write('train/metrics.jsonl', `${line(5, 3)}${line(10, 2)}{"kind":"progr`);
    expect(found('train').values).to.deep.include({
      updates: 10,
      imagesPerSecond: 80,
      dataShare: 0.5,
      firstLoss: 3,
      lastLoss: 2,
    });
    const start = `${JSON.stringify({ kind: 'start', step: 10 })}\n`;
    write(
      'train/metrics.jsonl',
      `${line(5, 3)}${line(10, 2)}${start}${line(12, 1.5)}${line(14, 1)}`,
    );
    expect(found('train').values).to.deep.include({
      updates: 4,
      lastUpdate: 14,
      firstLoss: 1.5,
      lastLoss: 1,
    });
  });

  it('trains as the given folder says, and goes on with a run in it', () => {
    expect(() => givenData(inFolder('none'), '/app', '/run')).to.throw(NothingToRun);
    write('data/x', '');
    const folder = inFolder('data');
    const { options } = givenData(folder, '/app', '/run');
    expect(options).to.deep.equal([
      ...['--config', '/app/configs/lite.json'],
      ...['--set', `data.root=${folder}`],
    ]);
    write('data/train.json', {});
    write('data/weights.safetensors', '');
    expect(givenData(folder, '/app', '/run').options).to.deep.equal([
      ...['--config', `${folder}/train.json`, '--set', `data.root=${folder}`],
      ...['--weights', `${folder}/weights.safetensors`],
    ]);
    write('data/run/checkpoints/step-1', 'one');
    expect(givenData(folder, '/app', inFolder('copy')).options).to.include('--resume');
    expect(fs.readFileSync(inFolder('copy/checkpoints/step-1'), 'utf8')).to.equal('one');
  });

  it('draws a set that its configuration describes', async () => {
    const file = await writeDrawnSetAsync(inFolder('drawn'));
    const { stages, data } = loadConfig(file);
    expect(stages.map(({ kind }) => kind)).to.deep.equal(['joint']);
    expect(Object.keys(stages[0]?.data ?? {})).to.deep.equal(['drawn']);
    const { list, images = '' } = data.sources.drawn!;
    const lines = fs.readFileSync(inFolder(`drawn/${list}`), 'utf8').split('\n');
    const names = lines.filter((line) => line.endsWith('.jpg'));
    expect(names).to.have.length(64);
    for (const name of names) {
      expect(fs.statSync(inFolder(`drawn/${images}/${name}`)).size).to.be.above(1000);
    }
    for (const line of lines.filter((row) => row.split(' ').length > 4)) {
      const [x = -1, y = -1, w = 0, h = 0] = line.split(' ').map(Number);
      expect(x >= 0 && y >= 0 && x + w <= 480 && y + h <= 360, line).to.equal(true);
    }
  });

  it('stops a command at its limit, and keeps what it printed', async () => {
    const run = (script: string, limitMs: number) =>
      runCommandAsync({
        args: ['-e', script],
        cwd: inFolder(),
        env: process.env,
        log: inFolder('log.txt'),
        limitMs,
      });
    const fine = await run('console.log("hello"); process.exitCode = 3', 60_000);
    expect(fine).to.deep.equal({ code: 3, isStopped: false, tail: 'hello\n' });
    // Deaf to SIGINT: ended by SIGKILL at the limit.
    const deaf = await run('process.on("SIGINT", () => {}); setInterval(() => {}, 1000)', 200);
    expect(deaf.isStopped).to.equal(true);
    expect(fs.readFileSync(inFolder('log.txt'), 'utf8')).to.contain('hello');
  });
});

describe('finding Vulkan on another machine', () => {
  const machine = (changes: Partial<Machine> & { libraries?: string[] } = {}): Machine => ({
    canLoad: (name) => (changes.libraries ?? []).includes(name),
    drivers: () => [],
    exists: () => false,
    env: {},
    ...changes,
  });
  const choose = (given: Machine) => chooseVulkan(given, '/archive/lib', '/out');

  it("prefers the machine's own loader and drivers", () => {
    const drivers = () => [{ manifest: '/etc/icd.json', library: 'libGLX_nvidia.so.0' }];
    const libraries = ['libvulkan.so.1', 'libGLX_nvidia.so.0'];
    const { env, manifest, said } = choose(machine({ libraries, drivers, exists: () => true }));
    expect(env).to.deep.equal({});
    expect(manifest).to.equal(null);
    expect(said).to.include('driver /etc/icd.json: libGLX_nvidia.so.0');
  });

  it('adds its loader before what the machine names', () => {
    const { env } = choose(machine({ env: { LD_LIBRARY_PATH: '/cuda' } }));
    expect(env).to.deep.equal({ LD_LIBRARY_PATH: '/archive/lib:/cuda' });
    expect(choose(machine()).said).to.include('no Vulkan driver is registered');
  });

  it("writes a manifest for NVIDIA's driver where there is none, or one that cannot be loaded", () => {
    const libraries = ['libvulkan.so.1', 'libEGL_nvidia.so.0'];
    const drivers = () => [{ manifest: '/etc/icd.json', library: 'libGLX_nvidia.so.0' }];
    for (const given of [{ libraries }, { libraries, drivers }]) {
      const { env, manifest } = choose(machine({ ...given, exists: () => true }));
      expect(env.VK_DRIVER_FILES).to.equal('/out/nvidia_icd.json');
      expect(JSON.parse(manifest?.content ?? '')).to.deep.equal({
        file_format_version: '1.0.0',
        ICD: { library_path: 'libEGL_nvidia.so.0', api_version: '1.3.0' },
      });
    }
  });

  it('says where a container has no Vulkan for its card, and leaves a named driver alone', () => {
    const { manifest, said } = choose(machine({ exists: () => true }));
    expect(manifest).to.equal(null);
    expect(said.join()).to.contain('NVIDIA_DRIVER_CAPABILITIES=all');
    const named = choose(
      machine({
        libraries: ['libEGL_nvidia.so.0'],
        exists: () => true,
        env: { VK_ICD_FILENAMES: '/lvp.json' },
      }),
    );
    expect(named.manifest).to.equal(null);
  });
});
