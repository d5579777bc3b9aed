/** What the last part trains on: a given folder, or drawn faces. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { NothingToRun } from './part.js';

export interface TrainingData {
  /** Options of `aofd train` besides folder, adapter and threads. */
  options: string[];
  said: string[];
}

/**
 * A folder with `train.json` is trained as that file says, its `data.root` being the folder; one without as
 * `configs/lite.json` says. `weights.safetensors` in it is what training starts from; `run/`, the folder of an
 * earlier run, is copied to `runFolder` and gone on with.
 *
 * @param app folder of the package in the archive
 * @throws NothingToRun where the folder is not there
 */
export function givenData(folder: string, app: string, runFolder: string): TrainingData {
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new NothingToRun(`there is no folder ${folder}: pass one with --data`);
  }
  const own = path.join(folder, 'train.json');
  const hasOwn = fs.existsSync(own);
  const config = hasOwn ? own : path.join(app, 'configs/lite.json');
  const options = ['--config', config, '--set', `data.root=${folder}`];
  const said = [`on ${folder}, as ${hasOwn ? 'its train.json' : 'configs/lite.json'} says`];
  const earlier = path.join(folder, 'run');
  const weights = path.join(folder, 'weights.safetensors');
  if (fs.existsSync(path.join(earlier, 'checkpoints'))) {
    fs.cpSync(earlier, runFolder, { recursive: true });
    options.push('--resume');
    said.push(`going on with the run in ${earlier}`);
  } else if (fs.existsSync(weights)) {
    options.push('--weights', weights);
    said.push(`starting from ${weights}`);
  }
  return { options, said };
}
