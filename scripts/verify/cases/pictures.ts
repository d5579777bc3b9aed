/** Cases of picture files and folders, with the command line program and the decoder. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import type { Finished } from '../consumer.js';
import { endProblems, type Case, type CaseContext } from './case.js';

/** What `aofd detect --json` says; null where it is no document. */
interface Document {
  images: { file: string }[];
  errors?: { file: string; error: string }[];
}

function documentOf(text: string): Document | null {
  try {
    return JSON.parse(text) as Document;
  } catch {
    return null;
  }
}

/** Runs `aofd detect` with the document on standard output. */
function detect(
  { consumer, folder }: CaseContext,
  args: readonly string[],
): Finished & { document: Document | null } {
  const done = consumer.aofd(['detect', ...args, '--json', '-'], folder);
  return { ...done, document: documentOf(done.stdout) };
}

/** Pixels of pictures as `decodeImage` gives them, by name: width, height, and the hash of the bytes. */
function decoded({ consumer, folder }: CaseContext, names: readonly string[]): string[] {
  const code = `import { createHash } from 'node:crypto';
    import { decodeImage } from 'aofd';
    for (const name of ${JSON.stringify(names)}) {
      try {
        const { width, height, data } = await decodeImage(name);
        const extremes = Math.min(...data) + '..' + Math.max(...data);
        console.log(width, height, extremes, createHash('sha256').update(data).digest('hex'));
      } catch (error) { console.log(error.message); }
    }`;
  const done = consumer.node(['--input-type=module', '-e', code], folder);
  return done.stdout.trim().split('\n');
}

/** Bytes behind the end of a PNG change nothing. */
export const trailingBytes: Case = (context) => {
  const [clean, ...others] = decoded(context, ['clean.png', 'zeros.png', 'newline.png']);
  return others.filter((line) => line !== clean).map((line) => `${line}, expected ${clean}`);
};

/** What is transparent is the background, whatever lies under it. */
export const alphaHidden: Case = (context) => {
  const [line = ''] = decoded(context, ['hidden.png']);
  return / 255\.\.255 /.test(line) ? [] : [`not white: ${line}`];
};

/** HEIC is named, with how to convert; in folders it is counted. */
export const heic: Case = (context) => {
  const { folder } = context;
  const problems: string[] = [];
  const wants = (what: string, done: Finished, pattern: RegExp): void => {
    if (!pattern.test(done.stderr)) problems.push(`${what}: ${done.stderr.trim().slice(-300)}`);
  };
  wants('the file alone', detect(context, ['card.heic']), /HEI[CF][\s\S]*convert/i);
  mkdirSync(join(folder, 'only'));
  copyFileSync(join(folder, 'card.heic'), join(folder, 'only/card.heic'));
  wants('a folder of such', detect(context, ['only']), /HEIC[\s\S]*convert/i);
  mkdirSync(join(folder, 'mixed'));
  copyFileSync(join(folder, 'card.heic'), join(folder, 'mixed/card.heic'));
  copyFileSync(join(folder, '../photo.jpg'), join(folder, 'mixed/photo.jpg'));
  const mixed = detect(context, ['mixed']);
  wants('a mixed folder', mixed, /passed over in folders: .*heic/i);
  if (mixed.document?.images.length !== 1) problems.push('a mixed folder: not its one picture');
  return problems;
};

/** Output folders that are the input folder: pictures are found and stay as they are. */
export const outEqualsIn: Case = (context) => {
  const { consumer, folder } = context;
  const hash = (): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, 'photo.jpg')))
      .digest('hex');
  const before = hash();
  mkdirSync(join(folder, 'out'));
  copyFileSync(join(folder, 'photo.jpg'), join(folder, 'out/photo.jpg'));
  const runs = [
    consumer.aofd(['detect', 'photo.jpg', '--out', '.'], folder),
    consumer.aofd(['detect', 'out'], join(folder)),
  ];
  const problems = runs.flatMap((done, i) => endProblems(`run ${i + 1}`, done));
  for (const file of ['photo.faces.png', 'out/photo.faces.png']) {
    if (!existsSync(join(folder, file))) problems.push(`there is no ${file}`);
  }
  if (hash() !== before) problems.push('photo.jpg is another file now');
  return problems;
};

/** Files that systems leave beside pictures and labels are none. */
export const appledouble: Case = (context) => {
  const { consumer, folder } = context;
  for (const name of ['Thumbs.db', '.DS_Store']) {
    copyFileSync(join(folder, '._photo.jpg'), join(folder, name));
  }
  const done = detect(context, ['.']);
  const problems = endProblems('aofd detect .', done);
  const files = done.document?.images.map(({ file }) => file);
  if (files?.join() !== 'photo.jpg') problems.push(`looked at ${files?.join(', ')}`);
  const code = `import { loadVoc } from 'aofd';
    console.log(loadVoc({ annotationDir: 'voc', imageRoot: '.' }).length);`;
  const voc = consumer.node(['--input-type=module', '-e', code], folder);
  if (voc.stdout.trim() !== '1') problems.push(`loadVoc: ${voc.stdout} ${voc.stderr}`.trim());
  return problems;
};

/** A name as long as file systems allow does not end the run. */
export const longName: Case = (context) => {
  const { consumer, folder } = context;
  const pictures = join(folder, 'pictures');
  mkdirSync(pictures);
  for (const name of ['a.jpg', 'b.jpg', `${'x'.repeat(245)}.jpg`]) {
    copyFileSync(join(folder, '../photo.jpg'), join(pictures, name));
  }
  const done = consumer.aofd(['detect', 'pictures', '--out', 'o'], folder);
  const problems = endProblems('aofd detect', done);
  const file = join(folder, 'o/detections.json');
  const document = existsSync(file) ? documentOf(readFileSync(file, 'utf8')) : null;
  if (document?.images.length !== 3) {
    problems.push(`${document?.images.length ?? 'no'} results in the document`);
  }
  return problems;
};

/** What cannot be read is reported, and the others are done (as a user who is not root). */
export const unreadable: Case = (context) => {
  const { folder } = context;
  const problems: string[] = [];
  copyFileSync(join(folder, '../photo.jpg'), join(folder, 'good.jpg'));
  symlinkSync('b', join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  const wants = (what: string, args: string[]): void => {
    const done = detect(context, args);
    if (done.status !== 1) problems.push(`${what}: ${endProblems('aofd', done, 1).join()}`);
    if (done.document?.images.length !== 1) problems.push(`${what}: the good picture is not done`);
  };
  wants('a ring of links', ['a', 'good.jpg']);
  if (process.getuid?.() === 0) return problems;
  mkdirSync(join(folder, 'closed/inside'), { recursive: true });
  copyFileSync(join(folder, 'good.jpg'), join(folder, 'closed/photo.jpg'));
  chmodSync(join(folder, 'closed/inside'), 0);
  wants('a folder that cannot be read', ['closed']);
  chmodSync(join(folder, 'closed/inside'), 0o700);
  return problems;
};
