/**
 * ONNX models, written from scratch: just enough protobuf (onnx.proto: ModelProto, GraphProto,
 * NodeProto, TensorProto, ValueInfoProto) for chains of convolutions, pools and matrix products.
 */

/** Protobuf wire types. */
const VARINT = 0;
const BYTES = 2;
/** TensorProto.DataType. */
const FLOAT = 1;
const INT64 = 7;

/** Grows a message field by field. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  int(field: number, value: number): this {
    this.#parts.push(varint(field * 8 + VARINT), varint(value));
    return this;
  }

  bytes(field: number, data: Uint8Array): this {
    this.#parts.push(varint(field * 8 + BYTES), varint(data.length), data);
    return this;
  }

  text(field: number, text: string): this {
    return this.bytes(field, new TextEncoder().encode(text));
  }

  message(field: number, message: Message): this {
    return this.bytes(field, message.finish());
  }

  finish(): Uint8Array {
    const size = this.#parts.reduce((sum, part) => sum + part.length, 0);
    const all = new Uint8Array(size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(out);
}

/** One operation; attributes are lists of whole numbers, or single ones. */
export interface OnnxNode {
  op: string;
  inputs: string[];
  output: string;
  attributes?: Record<string, number | number[]>;
}

export interface OnnxTensor {
  shape: number[];
  /** 64-bit whole numbers are what shapes are given in. */
  data: Float32Array | BigInt64Array;
}

/** An input or output; sizes that are left open have names. */
export interface OnnxValue {
  name: string;
  shape: (number | string)[];
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  weights: Record<string, OnnxTensor>;
  input: OnnxValue;
  outputs: OnnxValue[];
}

const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function attribute(name: string, value: number | number[]): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, ATTRIBUTE_INT);
  for (const item of value) message.int(8, item);
  return message.int(20, ATTRIBUTE_INTS);
}

function node({ op, inputs, output, attributes = {} }: OnnxNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  message.text(2, output).text(4, op);
  for (const [name, value] of Object.entries(attributes))
    message.message(5, attribute(name, value));
  return message;
}

function tensor(name: string, { shape, data }: OnnxTensor): Message {
  const message = new Message();
  for (const size of shape) message.int(1, size);
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message
    .int(2, data instanceof Float32Array ? FLOAT : INT64)
    .text(8, name)
    .bytes(9, raw);
}

function valueInfo({ name, shape }: OnnxValue): Message {
  const dimensions = new Message();
  for (const size of shape) {
    const dimension = new Message();
    dimensions.message(
      1,
      typeof size === 'number' ? dimension.int(1, size) : dimension.text(2, size),
    );
  }
  const type = new Message().message(1, new Message().int(1, FLOAT).message(2, dimensions));
  return new Message().text(1, name).message(2, type);
}

/** A model of one graph: IR version 8, operator set 17. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const message = new Message();
  for (const item of graph.nodes) message.message(1, node(item));
  message.text(2, 'bench');
  for (const [name, value] of Object.entries(graph.weights))
    message.message(5, tensor(name, value));
  message.message(11, valueInfo(graph.input));
  for (const output of graph.outputs) message.message(12, valueInfo(output));
  return new Message()
    .int(1, 8)
    .text(2, 'aofd-bench')
    .message(7, message)
    .message(8, new Message().text(1, '').int(2, 17))
    .finish();
}

const CONV = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] };

/** Convolution 3x3 with bias and ReLU. */
export function convModel(
  s: { c: number; o: number; h: number; w: number },
  weight: Float32Array,
  bias: Float32Array,
): Uint8Array {
  return onnxModel({
    nodes: [
      { op: 'Conv', inputs: ['x', 'weight', 'bias'], output: 'sum', attributes: CONV },
      { op: 'Relu', inputs: ['sum'], output: 'y' },
    ],
    weights: {
      weight: { shape: [s.o, s.c, 3, 3], data: weight },
      bias: { shape: [s.o], data: bias },
    },
    input: { name: 'x', shape: [1, s.c, s.h, s.w] },
    outputs: [{ name: 'y', shape: [1, s.o, s.h, s.w] }],
  });
}

/** x (R, I) times the transpose of weight (O, I). */
export function linearModel(
  s: { rows: number; inputs: number; outputs: number },
  weight: Float32Array,
): Uint8Array {
  return onnxModel({
    nodes: [{ op: 'Gemm', inputs: ['x', 'weight'], output: 'y', attributes: { transB: 1 } }],
    weights: { weight: { shape: [s.outputs, s.inputs], data: weight } },
    input: { name: 'x', shape: [s.rows, s.inputs] },
    outputs: [{ name: 'y', shape: [s.rows, s.outputs] }],
  });
}

/** One operation without weights. */
export function plainModel(
  op: string,
  attributes: Record<string, number | number[]>,
  input: number[],
  output: number[],
): Uint8Array {
  return onnxModel({
    nodes: [{ op, inputs: ['x'], output: 'y', attributes }],
    weights: {},
    input: { name: 'x', shape: input },
    outputs: [{ name: 'y', shape: output }],
  });
}

/** Convolutions with bias and ReLU, a 2x2 max pool before each layer that says so. */
export function stackModel(
  side: number,
  layers: readonly {
    name: string;
    inChannels: number;
    outChannels: number;
    poolsBefore: boolean;
    weight: Float32Array;
    bias: Float32Array;
  }[],
): Uint8Array {
  const nodes: OnnxNode[] = [];
  const weights: Record<string, OnnxTensor> = {};
  let last = 'x';
  let size = side;
  for (const { name, inChannels, outChannels, poolsBefore, weight, bias } of layers) {
    if (poolsBefore) {
      const pooled = `${name}.in`;
      nodes.push({
        op: 'MaxPool',
        inputs: [last],
        output: pooled,
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      });
      last = pooled;
      size /= 2;
    }
    weights[`${name}.weight`] = { shape: [outChannels, inChannels, 3, 3], data: weight };
    weights[`${name}.bias`] = { shape: [outChannels], data: bias };
    nodes.push(
      {
        op: 'Conv',
        inputs: [last, `${name}.weight`, `${name}.bias`],
        output: `${name}.sum`,
        attributes: CONV,
      },
      { op: 'Relu', inputs: [`${name}.sum`], output: name },
    );
    last = name;
  }
  const channels = layers[layers.length - 1]?.outChannels ?? 0;
  return onnxModel({
    nodes,
    weights,
    input: { name: 'x', shape: [1, layers[0]?.inChannels ?? 0, side, side] },
    outputs: [{ name: last, shape: [1, channels, size, size] }],
  });
}
