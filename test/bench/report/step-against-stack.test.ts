import { expect } from 'chai';
import { paperStep } from '../../../bench/cases/stack.js';
import { vggLayers } from '../../../bench/cases/vgg-layers.js';
import { passes, type CaseResult } from '../../../bench/measure/case.js';
import { layerSumMs, stepFigures } from '../../../bench/report/step-against-stack.js';
import { conv, entry, report, stack } from '../reports.js';

describe('bench: a step of paper against a stack', () => {
  const step = { ...entry('aofd', paperStep, 10, 10, 10), flops: 0 };
  const planned = entry('aofd', 'planned', 20, 20, 40);
  const whole = entry('tfjs-webgpu', '', 200);
  /** Every layer 1 ms a pass. */
  const layers = vggLayers().flatMap(({ name, inChannels: c, outChannels: o, stride }) =>
    passes.map((pass): CaseResult => ({
      ...conv(`${name} ${pass}`, [entry('tfjs-webgpu', '', 1)]),
      work: { kind: 'conv', pass, c, o, h: 512 / stride, w: 512 / stride },
    })),
  );

  it('sums forward of all layers, dW from conv3_1 and dX from conv3_2 on', () => {
    expect(layerSumMs(report(layers), 'tfjs-webgpu', 512)).to.equal(13 + 9 + 8);
    expect(layerSumMs(report(layers.slice(1)), 'tfjs-webgpu', 512)).to.equal(null);
    expect(layerSumMs(report(layers), 'tfjs-webgpu', 256)).to.equal(null);
  });

  it('goes by their whole run where there is one, else by the sum', () => {
    const [figure] = stepFigures(report([stack('stack', step, whole), ...layers]));
    expect(figure?.value).to.equal(20);
    expect(figure?.note).to.include('measured as a whole').and.include('are 15 %');
    const [summed] = stepFigures(report([stack('stack', step), ...layers]));
    expect(summed?.value).to.equal(3);
    expect(summed?.note).to.include('as a sum over the layers');
    expect(stepFigures(report([stack('stack', step)]))).to.deep.equal([]);
    expect(stepFigures(report([stack('stack', planned, whole)]))).to.deep.equal([]);
  });
});
