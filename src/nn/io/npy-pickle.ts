/**
 * Reads the pickle inside an object .npy as long as it holds nothing but dictionaries, lists,
 * strings, numbers and NumPy arrays. Callables are not called: the few names that NumPy writes are
 * recognised and everything else is refused, so an untrusted file can do no harm.
 */
import { IoError } from './errors.js';
import { decodeNumbers, fortranToRowMajor } from './npy-numbers.js';
import { elementCount, type FloatTensor } from './stored-tensor.js';

/** What such a file can hold, arrays as float32; lists are maps with keys "0", "1", ... */
export type PickledValue =
  | ({ readonly kind: 'array' } & FloatTensor)
  | { readonly kind: 'map'; readonly entries: [string, PickledValue][] }
  | { readonly kind: 'other' };

/** A name that a pickle refers to, such as `numpy.dtype`. */
class Global {
  constructor(readonly name: string) {}
}
class Dtype {
  descr: string;
  constructor(code: string) {
    this.descr = code;
  }
}
class PickledArray {
  state: Item | undefined;
}
/** A list, tuple or dictionary under construction; dictionaries hold keys and values in turn. */
class Sequence {
  constructor(
    readonly items: Item[],
    readonly isMap = false,
  ) {}
}
const MARK = Symbol('mark');
type Item =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | Global
  | Dtype
  | PickledArray
  | Sequence
  | typeof MARK;

const ALLOWED = new Set([
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray _reconstruct',
  'numpy ndarray',
  'numpy dtype',
  '_codecs encode',
  'collections OrderedDict',
]);

class Unpickler {
  private at = 0;
  private readonly stack: Item[] = [];
  private readonly memo = new Map<number, Item>();
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private fail(what: string): never {
    throw new IoError('io/format', `${what} (at byte ${this.at} of the pickle).`, {
      where: this.file,
      fix: 'save the arrays with numpy.savez instead.',
    });
  }

  private take(count: number): Uint8Array {
    if (this.at + count > this.bytes.byteLength) this.fail('truncated');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  private uint(width: 1 | 2 | 4): number {
    this.take(width);
    const at = this.at - width;
    if (width === 1) return this.view.getUint8(at);
    return width === 2 ? this.view.getUint16(at, true) : this.view.getUint32(at, true);
  }
  private long(): number {
    this.take(8);
    return Number(this.view.getBigUint64(this.at - 8, true));
  }
  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) this.fail('truncated');
    const text = latin1(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }
  private pop(): Item {
    const item = this.stack.pop();
    return item === undefined ? this.fail('the stack is empty') : item;
  }
  private top(): Item {
    return this.stack.at(-1) ?? this.fail('the stack is empty');
  }
  private sinceMark(): Item[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) this.fail('a mark is missing');
    return this.stack.splice(mark).slice(1);
  }
  private append(items: readonly Item[]): void {
    const target = this.top();
    if (!(target instanceof Sequence)) this.fail('only lists and dictionaries can be filled');
    for (const item of items) target.items.push(item);
  }
  private global(module: string, name: string): Global {
    const full = `${module} ${name}`;
    if (!ALLOWED.has(full)) this.fail(`it refers to "${module}.${name}", which is not allowed`);
    return new Global(full);
  }

  /** Stands for the call that Python would make. */
  private reduce(callee: Item, args: Item): Item {
    if (!(callee instanceof Global) || !(args instanceof Sequence)) this.fail('bad call');
    if (callee.name.endsWith('_reconstruct')) return new PickledArray();
    if (callee.name === 'numpy dtype') return new Dtype(text(args.items[0]));
    if (callee.name === 'collections OrderedDict') return new Sequence([], true);
    if (callee.name === '_codecs encode') {
      // Bytes that Python 3 wrote for protocol 2: a string whose characters are the bytes.
      return Uint8Array.from(text(args.items[0]), (c) => c.charCodeAt(0));
    }
    return this.fail(`"${callee.name}" cannot be called`);
  }

  private build(state: Item): void {
    const target = this.top();
    if (target instanceof PickledArray) target.state = state;
    else if (target instanceof Dtype && state instanceof Sequence) {
      // (version, byte order, ...): '|' for single bytes
      target.descr = `${text(state.items[1])}${target.descr}`;
    } else this.fail('unexpected object state');
  }

  run(): Item {
    for (;;) {
      const op = this.uint(1);
      if (op === 0x2e /* STOP */) return this.pop();
      this.step(op);
    }
  }

  // eslint-disable-next-line max-lines-per-function -- a table of opcodes, one case each
  private step(op: number): void {
    const { stack } = this;
    switch (String.fromCharCode(op)) {
      case '\x80': // PROTO
        this.uint(1);
        return;
      case '\x95': // FRAME
        this.long();
        return;
      case '(':
        stack.push(MARK);
        return;
      case '0':
        this.pop();
        return;
      case 'N':
        stack.push(null);
        return;
      case '\x88':
        stack.push(true);
        return;
      case '\x89':
        stack.push(false);
        return;
      case 'K':
        stack.push(this.uint(1));
        return;
      case 'M':
        stack.push(this.uint(2));
        return;
      case 'J':
        stack.push(this.uint(4) | 0);
        return;
      case '\x8a': {
        // LONG1, little-endian two's complement
        let value = 0n;
        const part = this.take(this.uint(1));
        part.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
        stack.push(Number(BigInt.asIntN(8 * part.length, value)));
        return;
      }
      case 'G':
        this.take(8);
        stack.push(this.view.getFloat64(this.at - 8, false));
        return;
      case 'U': // SHORT_BINSTRING: Python 2 str, text or raw data
      case 'C': // SHORT_BINBYTES
        stack.push(this.take(this.uint(1)));
        return;
      case 'T':
      case 'B':
        stack.push(this.take(this.uint(4)));
        return;
      case '\x8e': // BINBYTES8
        stack.push(this.take(this.long()));
        return;
      case '\x8c':
        stack.push(utf8(this.take(this.uint(1))));
        return;
      case 'X':
        stack.push(utf8(this.take(this.uint(4))));
        return;
      case '\x8d': // BINUNICODE8
        stack.push(utf8(this.take(this.long())));
        return;
      case ']':
      case ')':
        stack.push(new Sequence([]));
        return;
      case '}':
        stack.push(new Sequence([], true));
        return;
      case 't':
      case 'l':
        stack.push(new Sequence(this.sinceMark()));
        return;
      case 'd':
        stack.push(new Sequence(this.sinceMark(), true));
        return;
      case '\x85':
      case '\x86':
      case '\x87': {
        const count = op - 0x84;
        if (stack.length < count) this.fail('the stack is empty');
        stack.push(new Sequence(stack.splice(stack.length - count)));
        return;
      }
      case 'a':
        this.append([this.pop()]);
        return;
      case 's': {
        const value = this.pop();
        this.append([this.pop(), value]);
        return;
      }
      case 'e':
      case 'u':
        this.append(this.sinceMark());
        return;
      case 'q':
        this.memo.set(this.uint(1), this.top());
        return;
      case 'r':
        this.memo.set(this.uint(4), this.top());
        return;
      case '\x94':
        this.memo.set(this.memo.size, this.top());
        return;
      case 'h':
        stack.push(this.memo.get(this.uint(1)) ?? null);
        return;
      case 'j':
        stack.push(this.memo.get(this.uint(4)) ?? null);
        return;
      case 'c':
        stack.push(this.global(this.line(), this.line()));
        return;
      case '\x93': {
        const name = text(this.pop());
        stack.push(this.global(text(this.pop()), name));
        return;
      }
      case 'R': {
        const args = this.pop();
        stack.push(this.reduce(this.pop(), args));
        return;
      }
      case 'b':
        this.build(this.pop());
        return;
      default:
        this.fail(`pickle opcode 0x${op.toString(16)} is not supported`);
    }
  }
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
function latin1(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
}
/** NaN, which no shape has, for what is no number. */
const extent = (item: Item): number => (typeof item === 'number' ? item : NaN);

/** Python 2 keys are byte strings, Python 3 keys are text. */
function text(item: Item | undefined): string {
  if (item instanceof Uint8Array) return latin1(item);
  return typeof item === 'string' ? item : String(typeof item === 'number' ? item : '');
}

/** Values of a file: shared parts, which a pickle names many times, are counted each time. */
const MOST_VALUES = 100_000;

/** What is known of a file while its values are made. */
interface Conversion {
  readonly file: string;
  /** Arrays made: one that is named twice is decoded once. */
  readonly arrays: Map<PickledArray, PickledValue>;
  values: number;
}

function toValue(item: Item | undefined, conversion: Conversion, depth = 0): PickledValue {
  const { file, arrays } = conversion;
  if (depth > 8)
    throw new IoError('io/format', 'dictionaries nested more than 8 deep', { where: file });
  if (++conversion.values > MOST_VALUES)
    throw new IoError('io/limit', `holds more than ${MOST_VALUES} values`, { where: file });
  const known = item instanceof PickledArray ? arrays.get(item) : undefined;
  if (known) return known;
  const value = converted(item, conversion, depth);
  if (item instanceof PickledArray && value.kind === 'array') arrays.set(item, value);
  return value;
}

/** The ndarray state (version, shape, dtype, is Fortran, bytes or list of objects). */
function converted(item: Item | undefined, conversion: Conversion, depth: number): PickledValue {
  const { file } = conversion;
  if (item instanceof PickledArray) {
    if (!(item.state instanceof Sequence)) return { kind: 'other' };
    const [, shapeItem, dtype, fortran, raw] = item.state.items;
    const shape = shapeItem instanceof Sequence ? shapeItem.items.map(extent) : [];
    if (raw instanceof Sequence) {
      // An array of objects; numpy.save wraps a dictionary in one without axes.
      return toValue(raw.items.length === 1 ? raw.items[0] : raw, conversion, depth + 1);
    }
    if (!(raw instanceof Uint8Array) || !(dtype instanceof Dtype)) return { kind: 'other' };
    const data = decodeNumbers(raw, dtype.descr, elementCount(shape), file);
    return { kind: 'array', shape, data: fortran === true ? fortranToRowMajor(data, shape) : data };
  }
  if (item instanceof Sequence) {
    const entries: [string, PickledValue][] = [];
    const { items, isMap } = item;
    for (let i = 0; i < items.length; i += isMap ? 2 : 1) {
      const key = isMap ? text(items[i]) : String(i);
      entries.push([key, toValue(isMap ? items[i + 1] : items[i], conversion, depth + 1)]);
    }
    return { kind: 'map', entries };
  }
  return { kind: 'other' };
}

export function readArrayPickle(bytes: Uint8Array, file: string): PickledValue {
  const top = new Unpickler(bytes, file).run();
  return toValue(top, { file, arrays: new Map(), values: 0 });
}
