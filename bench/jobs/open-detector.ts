import type { Device } from '../../src/nn/index.js';
import { presetConfig, type Config } from '../../src/aofd/config/index.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';

/** `config` for pictures whose long side becomes `size`. */
function atSize(config: Config, size: number): Config {
  return { ...config, input: { ...config.input, testShortSide: null, maxSize: size } };
}

/** A detector for pictures of a long side, and what frees it. `paper` has no weights: untrained ones. */
export async function openDetectorAsync(
  device: Device,
  preset: 'lite' | 'paper',
  size: number,
): Promise<{ detector: Detector; dispose(): void }> {
  const config = atSize(presetConfig(preset), size);
  if (preset === 'lite') {
    const detector = await Detector.createAsync({ device, config });
    return { detector, dispose: () => detector.dispose() };
  }
  const model = new AofdModel(config.model);
  const params = ParamStore.create(device, model.specs(), 1);
  params.freezeForInference();
  const detector = Detector.fromModel({ config, model, params });
  return { detector, dispose: () => params.dispose() };
}
