import { bind, windowsOf } from '../../kernel/windows.js';
import { runLaneGemm } from '../lane-gemm.js';
import { matrixTexture, panelTexture } from '../texture.js';
import type { LinearKernels } from './passes.js';

/** Lane kernels over textures of the matrices: sizes are multiples of 4. */
export const lanesLinear: LinearKernels = {
  reads: 'texture',

  forward({ x, weight, bias, y, s, relu }) {
    runLaneGemm(x.device, {
      label: 'linear forward',
      defines: {
        A_FORM: 1,
        B_FORM: 0,
        A_ADDRESS: 2,
        B_ADDRESS: 0,
        EPILOGUE: bias !== null,
        RELU: relu,
      },
      a: matrixTexture(weight, s.o, s.i),
      b: matrixTexture(x, s.r, s.i),
      c: { buffer: y.buffer, offset: 0, size: y.byteLength },
      bias,
      rows: s.o,
      cols: s.r,
      k4: Math.ceil(s.i / 4),
      rowStride: 1,
      colStride: s.o / 4,
    });
  },

  inputGradient({ dY, weight, dX, s }) {
    runLaneGemm(dY.device, {
      label: 'linear dX',
      defines: { A_FORM: 0, B_FORM: 0, A_ADDRESS: 1, B_ADDRESS: 0 },
      a: matrixTexture(weight, s.o, s.i),
      b: matrixTexture(dY, s.r, s.o),
      c: { buffer: dX.buffer, offset: 0, size: dX.byteLength },
      rows: s.i,
      cols: s.r,
      k4: Math.ceil(s.o / 4),
      rowStride: 1,
      colStride: s.i / 4,
    });
  },

  /** In windows of whole row panels where dW exceeds one binding. */
  weightGradient({ dY, x, dW, s }) {
    const { device } = x;
    const lanes = device.subgroupSize;
    const panel = 4 * lanes;
    const rowBytes = s.i * 4;
    // A panel of 4L rows of i values (i % 4 == 0): its size is a multiple of 256 bytes.
    const windows = windowsOf(s.o, {
      unitBytes: rowBytes,
      limit: device.context.bindingLimit,
      step: panel,
      unit: 'row of weights',
    });
    const a = panelTexture(dY, s.r, s.o, lanes);
    const b = panelTexture(x, s.r, s.i, lanes);
    for (const window of windows) {
      runLaneGemm(device, {
        label: 'linear dW',
        defines: { A_FORM: 0, B_FORM: 1, A_ADDRESS: 0, B_ADDRESS: 2 },
        a,
        b,
        c: bind(dW.buffer, rowBytes, window),
        rows: window.count,
        cols: s.i,
        k4: Math.ceil(s.r / 4),
        rowStride: s.i / 4,
        colStride: 1,
        panelOffset: window.start / panel,
      });
    }
  },
};
