/** What `aofd doctor` found, as its JSON document holds it. */
import type { CheckRow } from '../../../nn/check/index.js';
import type { ModelCheck } from '../../detect/inspect/check-model.js';
import type { SpeedFigures } from './speed.js';

/** One finding. `ok` needs nothing; `note` costs speed; `problem` keeps something from working. */
export interface Finding {
  level: 'ok' | 'note' | 'problem';
  text: string;
  fix?: string;
}

/** Everything that the command found; what `--json` prints. */
export interface DoctorReport {
  version: string;
  machine: {
    system: string;
    node: string;
    webgpu: string;
    processors: string;
    memoryGigabytes: number;
  };
  adapter: {
    name: string;
    vendor: string;
    architecture: string;
    device: string;
    kind: string;
    isSoftware: boolean;
  } | null;
  /** System adapters by name. */
  adapters: string[];
  limits: Record<string, number>;
  features: Record<string, boolean>;
  /** Lanes of the fast kernels; 0 = the slower ones are used. */
  lanes: number;
  environment: Record<string, string>;
  findings: Finding[];
  /** Null where it was left out. */
  selfTest: CheckRow[] | null;
  /** What this machine does per second; null where it was left out. */
  speed: SpeedFigures | null;
  /** Null where it was not asked for. */
  model: ModelCheck | null;
  passed: boolean;
}
