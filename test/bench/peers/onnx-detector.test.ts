/**
 * Detectors of the user's in onnxruntime: decoding by hand-made outputs, and whole networks with the
 * names and shapes of the published ones, whose "faces" are single bright pixels.
 */
import { expect } from 'chai';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fitPicture } from '../../../bench/peers/fit-picture.js';
import { openOnnxDetectorAsync, suppress, type Look } from '../../../bench/peers/onnx-detector.js';
import {
  onnxModel,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from '../../../bench/peers/onnx-model.js';
import { readerOf, type Face, type Outputs } from '../../../bench/peers/onnx-readers.js';
import type { Ort } from '../../../bench/peers/ort.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

const STRIDES = [8, 16, 32] as const;
const size = { width: 640, height: 480 };

/** A head of the made-up networks: looks at one pixel of each cell. */
interface Head {
  output: string;
  stride: number;
  /** Per number: weights of the three planes, and a constant. */
  rows: readonly (readonly [number, number, number, number])[];
  /** Shape given to Reshape, and declared. */
  reshape: readonly number[];
  shape: (number | string)[];
}

/** Convolution 1x1 of the stride, channels last, flattened. */
function network(name: string, shape: (number | string)[], heads: readonly Head[]): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const weights: Record<string, OnnxTensor> = {};
  for (const { output, stride, rows, reshape } of heads) {
    const [w, b, r] = [`${output}.weight`, `${output}.bias`, `${output}.shape`];
    weights[w] = {
      shape: [rows.length, 3, 1, 1],
      data: Float32Array.from(rows.flatMap(([x, y, z]) => [x, y, z])),
    };
    weights[b] = { shape: [rows.length], data: Float32Array.from(rows, ([, , , bias]) => bias) };
    weights[r] = { shape: [reshape.length], data: BigInt64Array.from(reshape, BigInt) };
    const attributes = { kernel_shape: [1, 1], strides: [stride, stride] };
    nodes.push(
      { op: 'Conv', inputs: [name, w, b], output: `${output}.map`, attributes },
      {
        op: 'Transpose',
        inputs: [`${output}.map`],
        output: `${output}.last`,
        attributes: { perm: [0, 2, 3, 1] },
      },
      { op: 'Reshape', inputs: [`${output}.last`, r], output },
    );
  }
  const outputs = heads.map(({ output, shape: declared }) => ({ name: output, shape: declared }));
  return { nodes, weights, input: { name, shape }, outputs };
}

/** YuNet 2023mar: score from blue and green, width from red, height 5 cells. */
function yunet(): OnnxGraph {
  const none = [0, 0, 0, 0] as const;
  const kinds: [string, Head['rows']][] = [
    ['cls', [[1 / 255, 0, 0, 0]]],
    ['obj', [[0, 1 / 255, 0, 0]]],
    [
      'bbox',
      [
        [0, 0, 0, 0.5],
        [0, 0, 0, 0.25],
        [0, 0, Math.log(4) / 255, 0],
        [0, 0, 0, Math.log(5)],
      ],
    ],
    ['kps', Array.from({ length: 10 }, () => none)],
  ];
  const heads = kinds.flatMap(([kind, rows]) =>
    STRIDES.map((stride): Head => {
      const shape = [1, (640 / stride) ** 2, rows.length];
      return { output: `${kind}_${stride}`, stride, rows, reshape: shape, shape };
    }),
  );
  return network('input', [1, 3, 640, 640], heads);
}

/** SCRFD 2.5G as exported, with landmarks or without: the first anchor's score is the red plane. */
function scrfd(hasLandmarks: boolean, input: (number | string)[]): OnnxGraph {
  const names = [
    ['446', '466', '486'],
    ['449', '469', '489'],
    ['452', '472', '492'],
  ] as const;
  const distances = [1, 2, 3, 4].map((d) => [0, 0, 0, d] as const);
  const rowsOf: readonly Head['rows'][] = [
    [
      [1, 0, 0, 0],
      [0, 0, 0, 0.1],
    ],
    [...distances, ...distances],
    Array.from({ length: 20 }, () => [0, 0, 0, 0] as const),
  ];
  const heads = names.slice(0, hasLandmarks ? 3 : 2).flatMap((outputs, kind) =>
    outputs.map((output, i): Head => {
      const rows = rowsOf[kind] as Head['rows'];
      const numbers = rows.length / 2;
      const shape = [`rows of ${output}`, numbers];
      return { output, stride: STRIDES[i] as number, rows, reshape: [-1, numbers], shape };
    }),
  );
  return network('input.1', input, heads);
}

/** Black but for single pixels (x, y, red, green, blue). */
function picture(...pixels: [number, number, number, number, number][]) {
  const data = new Uint8Array(3 * size.width * size.height);
  for (const [x, y, ...rgb] of pixels) data.set(rgb, 3 * (y * size.width + x));
  return { data, ...size };
}

/** onnxruntime of the peers' package; null where it is not installed. */
function findOrt(): Ort | null {
  const peers = path.resolve(import.meta.dirname, '../../../bench/peers/package.json');
  try {
    return createRequire(pathToFileURL(peers))('onnxruntime-node') as Ort;
  } catch {
    return null;
  }
}

const numbers = ({ x1, y1, x2, y2 }: Face): number[] => [x1, y1, x2, y2];

describe('bench: detectors in onnxruntime', () => {
  it('knows networks by their outputs, and others not', () => {
    const output = (rows: number, last: number) => ({
      data: new Float32Array(rows * last),
      dims: [rows, last],
    });
    const anchors = { 8: 2 * 80 * 60, 16: 2 * 40 * 30, 32: 2 * 20 * 15 };
    const outputs: Outputs = Object.fromEntries(
      STRIDES.flatMap((s) => [1, 4].map((n) => [`${s}.${n}`, output(anchors[s], n)])),
    );
    expect(readerOf(outputs, size)?.name).to.equal('SCRFD');
    expect(readerOf(outputs, { width: 640, height: 640 })).to.equal(null);
    expect(readerOf({ y: output(10, 4) }, size)).to.equal(null);
  });

  it('drops boxes that overlap better ones', () => {
    const box = (x1: number, score: number): Face => ({ x1, y1: 0, x2: x1 + 10, y2: 10, score });
    const kept = suppress([box(1, 0.6), box(0, 0.9), box(8, 0.7)], 0.4);
    expect(kept.map(({ score }) => score)).to.deep.equal([0.9, 0.7]);
  });

  it('fits pictures into the corner of the input, in its order and scale of values', () => {
    const whole = { channels: [2, 1, 0], mean: 127.5, divisor: 128 } as const;
    const given = { data: Uint8Array.from([10, 20, 30, 50, 60, 70]), width: 2, height: 1 };
    const same = fitPicture(given, { width: 2, height: 2 }, whole);
    const expected = [30, 70, 0, 0, 20, 60, 0, 0, 10, 50, 0, 0].map((v) => (v - 127.5) / 128);
    expect([...same.planes]).to.deep.equal(expected.map(Math.fround));
    const plain = { channels: [0, 1, 2], mean: 0, divisor: 1 } as const;
    const wide = fitPicture(given, { width: 4, height: 2 }, plain);
    expect(wide.scale).to.equal(2);
    expect([...wide.planes.subarray(0, 4)]).to.deep.equal([10, 20, 40, 50]);
    const small = fitPicture(given, { width: 4, height: 2 }, plain, 2);
    expect(small.scale).to.equal(1);
    expect([...small.planes.subarray(0, 4)]).to.deep.equal([10, 50, 0, 0]);
  });

  describe('with onnxruntime', () => {
    const inFolder = useTempFolder();
    let ort: Ort;
    before(function () {
      const found = findOrt();
      if (!found) {
        process.stderr.write('    onnxruntime-node is not installed: npm ci in bench/peers\n');
        this.skip();
      }
      ort = found;
    });

    const detectAsync = (graph: OnnxGraph, ...pixels: Parameters<typeof picture>) =>
      lookAsync(graph, {}, ...pixels);

    async function lookAsync(graph: OnnxGraph, look: Look, ...pixels: Parameters<typeof picture>) {
      const file = inFolder('model.onnx');
      fs.writeFileSync(file, onnxModel(graph));
      const detector = await openOnnxDetectorAsync(ort, file, 1);
      try {
        const faces = await detector.detectAsync(picture(...pixels), look);
        await detector.runAsync();
        return { kind: detector.kind, input: detector.input, faces };
      } finally {
        await detector.releaseAsync();
      }
    }

    it('reads YuNet 2023mar: BGR planes of 640x640, twelve named outputs', async () => {
      const { kind, input, faces } = await detectAsync(
        yunet(),
        [8 * 11, 8 * 21, 255, 255, 255], // a face of stride 8
        [16 * 31, 16 * 9, 0, 255, 255], // without red: one cell wide; of both strides, one box kept
        [8 * 31, 8 * 5, 255, 255, 0], // without blue: none
      );
      expect(kind).to.equal('YuNet');
      expect(input).to.deep.equal({ width: 640, height: 640 });
      expect(faces).to.have.length(3);
      const white = faces.find(({ x2, x1 }) => Math.abs(x2 - x1 - 32) < 1e-3) as Face;
      expect(white.score).to.equal(1);
      const [cx, cy] = [8 * 11.5, 8 * 21.25];
      [cx - 16, cy - 20, cx + 16, cy + 20].forEach((v, i) =>
        expect(numbers(white)[i]).to.be.closeTo(v, 1e-3),
      );
      const others = faces.filter((face) => face !== white).map(({ x2, x1 }) => x2 - x1);
      expect(others.sort((a, b) => a - b).map(Math.round)).to.deep.equal([8, 16]);
    });

    for (const hasLandmarks of [true, false]) {
      it(`reads SCRFD ${hasLandmarks ? 'with' : 'without'} landmarks, of any size`, async () => {
        const { kind, input, faces } = await detectAsync(
          scrfd(hasLandmarks, [1, 3, '?', '?']),
          [8 * 11, 8 * 21, 255, 0, 0],
          [8 * 31, 8 * 5, 0, 255, 255], // no red: none
        );
        expect(kind).to.equal('SCRFD');
        expect(input).to.deep.equal(size);
        expect(faces.map(numbers)).to.deep.equal([[80, 152, 112, 200]]);
        expect(faces[0]?.score).to.be.closeTo(127.5 / 128, 1e-6);
      });
    }

    it('reads SCRFD of 640x640, the picture above black', async () => {
      const { input, faces } = await detectAsync(
        scrfd(true, [1, 3, 640, 640]),
        [32, 32, 255, 0, 0], // all three strides
      );
      expect(input).to.deep.equal({ width: 640, height: 640 });
      expect(faces.map(numbers)).to.deep.equal([
        [24, 16, 56, 64],
        [16, 0, 80, 96],
        [0, -32, 128, 160],
      ]);
    });

    it('looks for less sure faces and at smaller pictures where told', async () => {
      const dark = [8 * 11, 8 * 21, 160, 0, 0] as const; // a score of .25
      const graph = scrfd(true, [1, 3, '?', '?']);
      expect((await detectAsync(graph, [...dark])).faces).to.deep.equal([]);
      const { faces } = await lookAsync(graph, { floor: 0.2 }, [...dark]);
      expect(faces.map(numbers)).to.deep.equal([[80, 152, 112, 200]]);
      const square = Array.from(
        { length: 4 },
        (_, i) =>
          [16 * 10 + (i % 2), 16 * 9 + (i >> 1), 255, 0, 0] as [
            number,
            number,
            number,
            number,
            number,
          ],
      );
      const { faces: halved } = await lookAsync(graph, { longSide: 320 }, ...square);
      expect(halved.map(numbers)).to.deep.equal([[144, 112, 208, 208]]);
    });

    it('times other networks as they are, and refuses what takes no pictures', async () => {
      const graph = scrfd(false, [1, 3, 64, 64]);
      const known = graph.outputs.filter(({ name }) => name !== '449');
      const { kind, faces } = await detectAsync({ ...graph, outputs: known }, [0, 0, 255, 0, 0]);
      expect(kind).to.equal(null);
      expect(faces).to.deep.equal([]);
      let message = '';
      try {
        const plain: OnnxGraph = {
          nodes: [{ op: 'Relu', inputs: ['x'], output: 'y' }],
          weights: {},
          input: { name: 'x', shape: [2, 2] },
          outputs: [{ name: 'y', shape: [2, 2] }],
        };
        await detectAsync(plain);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).to.include('not [1, 3, height, width]').and.include('Fix:');
    });
  });
});
