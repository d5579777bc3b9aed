import type { Profile, ProfileRow } from './profile.js';
import { rate } from './trace.js';

/** A profile as text for a terminal of 100 columns. */
export function formatProfile(profile: Profile, rows = 16): string {
  const { adapter, method, wallMs, deviceMs, peakFlops } = profile;
  const busy = wallMs > 0 ? Math.round((100 * deviceMs) / wallMs) : 0;
  const lines = [
    `profile: ${ms(wallMs)} ms wall, device busy ${ms(deviceMs)} ms (${busy} %), ${profile.submits} submits`,
    `adapter: ${adapter}; mul+add peak ${(peakFlops / 1e9).toFixed(1)} GFLOPS; times by ${
      method === 'timestamps'
        ? 'GPU timestamps'
        : 'wall clock, one command at a time (this adapter has no timestamps): coarse'
    }`,
    '',
    ...tableOf('kernel', profile.kernels, profile, rows),
    '',
    ...tableOf('layer', profile.layers, profile, rows),
    '',
    ...hostTable(profile),
  ];
  if (profile.readbacks.length > 0) {
    const causes = profile.readbacks.map(({ cause, count }) => `${cause} ${count}`);
    const total = profile.readbacks.reduce((sum, { count }) => sum + count, 0);
    lines.push('', `readbacks: ${total} (${causes.join(', ')})`);
  }
  const { uploads } = profile;
  lines.push(
    `uploads: ${uploads.count} (${uploads.staged} within a batch), ${mib(uploads.bytes)} MiB, ${ms(uploads.totalMs)} ms`,
  );
  lines.push(...pipelineLines(profile, Math.min(8, rows)));
  if (profile.droppedEvents > 0) {
    lines.push(`${profile.droppedEvents} events are summed up but too many for the trace`);
  }
  return lines.join('\n');
}

function tableOf(
  title: string,
  list: readonly ProfileRow[],
  { deviceMs, peakFlops }: Profile,
  most: number,
): string[] {
  const shown = list.slice(0, most);
  const rest = list.slice(most);
  const width = Math.min(44, Math.max(title.length, ...shown.map(({ name }) => name.length), 12));
  const line = (name: string, row: ProfileRow): string => {
    const gflops = rate(row.flops, row.totalMs);
    return [
      clip(name, width).padEnd(width),
      String(row.count).padStart(7),
      ms(row.totalMs).padStart(10),
      `${((100 * row.totalMs) / (deviceMs || 1)).toFixed(1)}`.padStart(7),
      (row.flops > 0 ? gflops.toFixed(1) : '-').padStart(8),
      (row.flops > 0 ? ((gflops * 1e9) / peakFlops).toFixed(2) : '-').padStart(7),
      (row.bytes > 0 ? rate(row.bytes, row.totalMs).toFixed(1) : '-').padStart(7),
    ].join('');
  };
  const head = `${title.padEnd(width)}  count        ms      %  GFLOPS   peak    GB/s`;
  const lines = [head, ...shown.map((row) => line(row.name, row))];
  if (rest.length > 0) lines.push(line(`${rest.length} more`, sum(rest)));
  return lines;
}

function sum(rows: readonly ProfileRow[]): ProfileRow {
  const total: ProfileRow = { name: '', count: 0, totalMs: 0, flops: 0, bytes: 0 };
  for (const row of rows) {
    total.count += row.count;
    total.totalMs += row.totalMs;
    total.flops += row.flops;
    total.bytes += row.bytes;
  }
  return total;
}

function hostTable({ host }: Profile): string[] {
  const lines = ['host                                     count        ms'];
  for (const { kind, name, count, totalMs } of host) {
    const title = kind === 'wait' ? `wait: ${name}` : kind === 'task' ? `thread: ${name}` : name;
    lines.push(
      `${clip(title, 39).padEnd(39)}${String(count).padStart(7)}${ms(totalMs).padStart(10)}`,
    );
  }
  return lines;
}

function pipelineLines({ pipelines }: Profile, most: number): string[] {
  if (pipelines.length === 0) return [];
  const time = (p: Profile['pipelines'][number]): number => p.createMs + (p.firstLaunchMs ?? 0);
  const slowest = [...pipelines].sort((a, b) => time(b) - time(a)).slice(0, most);
  const total = pipelines.reduce((all, p) => all + time(p), 0);
  return [
    `pipelines: ${pipelines.length} made in ${ms(total)} ms; slowest: ${slowest
      .map((p) => `${p.kernel} ${time(p).toFixed(0)} ms`)
      .join(', ')}`,
  ];
}

const ms = (value: number): string => value.toFixed(1);
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
