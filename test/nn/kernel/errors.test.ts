import { expect } from 'chai';
import { Device, NnError } from '../../../src/nn/index.js';

/** The error that a promise ends with. */
async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(NnError);
    return error as NnError;
  }
  throw new Error('no error came');
}

// Each test breaks its device, so each opens one of its own.
describe('device errors', () => {
  let device: Device;
  beforeEach(async () => {
    device = await Device.createAsync();
  });

  it('show the line of a kernel that does not compile', async () => {
    const { platform } = device.context;
    const load = platform.loadKernelSource;
    platform.loadKernelSource = (name) =>
      name === 'bad/bad'
        ? '@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n' +
          '@compute @workgroup_size(64) fn main() { y[0] = unknown_name; }\n'
        : load(name);
    try {
      const y = device.empty([4]);
      device.dispatch({ kernel: 'bad/bad', bindings: { y }, workgroups: [1] });
      const error = await errorOf(y.readAsync());
      expect(error.code).to.equal('wgsl-compile');
      expect(error.message).to.match(/bad\/bad.*\n2:\d+ unresolved value 'unknown_name'/);
    } finally {
      platform.loadKernelSource = load;
      await device.destroyAsync().catch(() => undefined);
    }
  });

  it('of commands that WebGPU refuses reach the next readback', async () => {
    const x = device.zeros([4]);
    device.context.gpu.createBuffer({ size: 16, usage: 0xffff });
    const error = await errorOf(x.readAsync());
    expect(error.code).to.equal('gpu-error');
    expect(error.kind).to.equal('internal');
    await device.destroyAsync();
  });

  it('a closed device is one clear error, not a browser exception', async () => {
    const x = device.zeros([4]);
    device.flush();
    device.context.gpu.destroy();
    const error = await errorOf(x.readAsync());
    expect(error.code).to.equal('device-lost');
    expect(error.message).to.match(/Fix: /);
  });

  it('closing a device reports a pending error and closes it all the same', async () => {
    device.context.gpu.createBuffer({ size: 16, usage: 0xffff });
    const error = await errorOf(device.destroyAsync());
    expect(error.code).to.equal('gpu-error');
    expect((await device.context.gpu.lost).reason).to.equal('destroyed');
  });
});
