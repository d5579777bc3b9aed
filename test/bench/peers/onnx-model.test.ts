/** The ONNX writer, read back with a reader of its own: fields by number, as protobuf lays them out. */
import { expect } from 'chai';
import { Message, convModel, onnxModel, stackModel } from '../../../bench/peers/onnx-model.js';
import {
  fromHwio,
  toChannelsFirst,
  toChannelsLast,
  toHwio,
} from '../../../bench/peers/tfjs-layout.js';

type Field = number | Uint8Array;

/** Fields of a message by number, in their order. */
function read(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const list = fields.get(key >> 3) ?? [];
    fields.set(key >> 3, list);
    if ((key & 7) === 0) list.push(varint());
    else {
      expect(key & 7, 'wire type').to.equal(2);
      const size = varint();
      list.push(bytes.subarray(at, (at += size)));
    }
  }
  expect(at).to.equal(bytes.length);
  return fields;
}

const texts = (fields: Map<number, Field[]>, number: number): string[] =>
  (fields.get(number) ?? []).map((f) => new TextDecoder().decode(f as Uint8Array));
const messages = (fields: Map<number, Field[]>, number: number): Map<number, Field[]>[] =>
  (fields.get(number) ?? []).map((f) => read(f as Uint8Array));

describe('bench: ONNX writer', () => {
  it('writes numbers of every length', () => {
    for (const value of [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40]) {
      expect(read(new Message().int(5, value).finish()).get(5)).to.deep.equal([value]);
    }
  });

  it('writes a convolution: graph, weights in float32, shapes, attributes', () => {
    const weight = Float32Array.from({ length: 2 * 3 * 9 }, (_, i) => i / 7);
    const model = read(convModel({ c: 3, o: 2, h: 5, w: 4 }, weight, Float32Array.of(1, 2)));
    expect(model.get(1)).to.deep.equal([8]);
    expect(messages(model, 8)[0]?.get(2)).to.deep.equal([17]);
    const graph = messages(model, 7)[0] as Map<number, Field[]>;
    const nodes = messages(graph, 1);
    expect(nodes.flatMap((n) => texts(n, 4))).to.deep.equal(['Conv', 'Relu']);
    expect(texts(nodes[0] as Map<number, Field[]>, 1)).to.deep.equal(['x', 'weight', 'bias']);
    const attributes = messages(nodes[0] as Map<number, Field[]>, 5);
    const pads = attributes.find((a) => texts(a, 1)[0] === 'pads');
    expect(pads?.get(8)).to.deep.equal([1, 1, 1, 1]);
    expect(pads?.get(20)).to.deep.equal([7]);
    const tensors = messages(graph, 5);
    expect(tensors.flatMap((t) => texts(t, 8))).to.deep.equal(['weight', 'bias']);
    expect(tensors[0]?.get(1)).to.deep.equal([2, 3, 3, 3]);
    const raw = (tensors[0]?.get(9)?.[0] as Uint8Array).slice();
    expect(new Float32Array(raw.buffer)).to.deep.equal(weight);
    const input = messages(graph, 11)[0] as Map<number, Field[]>;
    const type = messages(messages(input, 2)[0] as Map<number, Field[]>, 1)[0];
    const shape = messages(type as Map<number, Field[]>, 2)[0] as Map<number, Field[]>;
    expect(messages(shape, 1).map((d) => d.get(1)?.[0])).to.deep.equal([1, 3, 5, 4]);
  });

  it('chains layers and pools of a stack', () => {
    const layer = (name: string, inChannels: number, poolsBefore: boolean) => ({
      name,
      inChannels,
      outChannels: 4,
      poolsBefore,
      bias: new Float32Array(4),
      weight: new Float32Array(4 * inChannels * 9),
    });
    const model = read(stackModel(8, [layer('a', 3, false), layer('b', 4, true)]));
    const graph = messages(model, 7)[0] as Map<number, Field[]>;
    const nodes = messages(graph, 1);
    expect(nodes.flatMap((n) => texts(n, 4))).to.deep.equal([
      ...['Conv', 'Relu', 'MaxPool', 'Conv', 'Relu'],
    ]);
    // Every input is a weight, the graph's input, or the output of a node before.
    const known = new Set(['x', ...messages(graph, 5).flatMap((t) => texts(t, 8))]);
    for (const node of nodes) {
      for (const name of texts(node, 1)) expect(known.has(name), name).to.equal(true);
      for (const name of texts(node, 2)) known.add(name);
    }
    expect(texts(messages(graph, 12)[0] as Map<number, Field[]>, 1)).to.deep.equal(['b']);
  });

  it('writes a single number as an attribute of its own type', () => {
    const model = read(
      onnxModel({
        nodes: [{ op: 'Softmax', inputs: ['x'], output: 'y', attributes: { axis: 1 } }],
        weights: {},
        input: { name: 'x', shape: [2, 2] },
        outputs: [{ name: 'y', shape: [2, 2] }],
      }),
    );
    const node = messages(messages(model, 7)[0] as Map<number, Field[]>, 1)[0];
    const attribute = messages(node as Map<number, Field[]>, 5)[0];
    expect(attribute?.get(3)).to.deep.equal([1]);
    expect(attribute?.get(20)).to.deep.equal([2]);
  });
});

describe('bench: layouts of TensorFlow.js', () => {
  it('moves channels last and back, and weights to HWIO and back', () => {
    const x = Float32Array.from({ length: 24 }, (_, i) => i);
    expect([...toChannelsLast(x, 2, 12)].slice(0, 4)).to.deep.equal([0, 12, 1, 13]);
    expect(toChannelsFirst(toChannelsLast(x, 2, 12), 2, 12)).to.deep.equal(x);
    const w = Float32Array.from({ length: 2 * 3 * 9 }, (_, i) => i);
    expect([...toHwio(w, 2, 3)].slice(0, 4)).to.deep.equal([0, 27, 9, 36]);
    expect(fromHwio(toHwio(w, 2, 3), 2, 3)).to.deep.equal(w);
  });
});
