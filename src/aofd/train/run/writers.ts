import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { atomicWriteFile } from '../../../nn/io/files/index.js';
import type { EventWriter, TrainEvent } from './events.js';
import { parseJsonText } from '../../../nn/json.js';

/** Appends one JSON object per event to a file. */
export class JsonlWriter implements EventWriter {
  readonly #file: string;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
  }

  /** A killed run may have logged updates that no checkpoint holds; a line cut off goes as well. */
  rewind(step: number): void {
    if (!existsSync(this.#file)) return;
    const text = readFileSync(this.#file, 'utf8');
    const kept = text
      .split('\n')
      .filter((line) => stepOfLine(line) <= step)
      .map((line) => `${line}\n`)
      .join('');
    if (kept !== text) atomicWriteFile(this.#file, kept);
  }

  write(event: TrainEvent): void {
    const line = { time: new Date().toISOString(), ...event };
    appendFileSync(this.#file, `${JSON.stringify(line, rounded)}\n`);
  }
}

/** Infinity for what is no whole line of a metrics file. */
function stepOfLine(line: string): number {
  try {
    const { step } = parseJsonText(line) as { step?: unknown };
    return typeof step === 'number' ? step : Infinity;
  } catch {
    return Infinity;
  }
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(7))
    : value;
}

/** Progress for people: one line that is renewed on a terminal, plain lines elsewhere. */
export class TerminalWriter implements EventWriter {
  readonly #out: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  #isOpen = false;

  constructor(out: { write(text: string): unknown; isTTY?: boolean; columns?: number }) {
    this.#out = out;
  }

  write(event: TrainEvent): void {
    if (event.kind === 'progress' && this.#out.isTTY) {
      const text = describeEvent(event).slice(0, (this.#out.columns ?? 120) - 1);
      this.#out.write(`\r\u001b[2K${text}`);
      this.#isOpen = true;
      return;
    }
    this.close();
    this.#out.write(`${describeEvent(event)}\n`);
  }

  close(): void {
    if (this.#isOpen) this.#out.write('\n');
    this.#isOpen = false;
  }
}

/** An event in one line. */
export function describeEvent(event: TrainEvent): string {
  switch (event.kind) {
    case 'start':
      return `stage ${event.stage} from update ${event.step} of ${event.totalSteps} (${event.parameters} parameters train)`;
    case 'progress': {
      const losses = Object.entries(event.losses)
        .map(([name, value]) => `${name} ${short(value)}`)
        .join(' ');
      const data = event.dataShare > 0.05 ? ` data ${Math.round(100 * event.dataShare)}%` : '';
      return (
        `${event.stage} ${event.step}/${event.totalSteps} eta ${duration(event.etaSeconds)} ` +
        `${Math.round(event.msPerStep)} ms/step${data} lr ${short(event.lr)} ${losses} ` +
        `|g| ${short(event.gradNorm)} ${Math.round(event.liveMegabytes)} MB`
      );
    }
    case 'checkpoint':
      return `update ${event.step}: saved ${event.file}`;
    case 'validation':
      return (
        `update ${event.step}: validation ` +
        Object.entries(event.values)
          .map(([name, value]) => `${name} ${short(value)}`)
          .join(' ')
      );
    case 'notice':
      return event.text;
    case 'end':
      return event.reason === 'finished'
        ? `finished after ${event.step} updates`
        : `stopped after update ${event.step}; go on with --resume`;
  }
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}`;
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}`;
}
