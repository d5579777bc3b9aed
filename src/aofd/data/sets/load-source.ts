/**
 * A data source of the configuration to samples: the reader of its kind, the names to take, the set's
 * corrections, the teachers' boxes, and what the run leaves out.
 */
import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { Config, DataSourceConfig } from '../../config/index.js';
import { DataError } from '../../errors.js';
import { rolesOf } from '../pixel-roles.js';
import { DEFAULT_TEACHER_RULES } from '../reconcile.js';
import {
  boxHeight,
  boxShortSide,
  boxWidth,
  clipFace,
  newLoadReport,
  type Box,
  type LoadReport,
  type PixelMap,
  type Sample,
} from '../sample.js';
import { checkPictures } from './check-pictures.js';
import { loadCoco } from './coco.js';
import { loadCocoMasks } from './coco-masks.js';
import { loadCountingCsv } from './counting-csv.js';
import { loadFddb } from './fddb.js';
import { readSizeLeniently } from './image-size.js';
import { loadLabelme } from './labelme.js';
import { readNames, sortFolder, splitShared, stem } from './names.js';
import { loadOcclusionSeg } from './occlusion-seg.js';
import { describePassedOver, passOver, passOverForeign } from './passed-over.js';
import { teachSamples, type LabelKind } from './teach.js';
import { TeacherList } from './teacher-list.js';
import { loadVoc, type HeadSample } from './voc.js';
import { loadWider } from './wider.js';
import { loadYolo } from './yolo.js';

type DataConfig = Config['data'];

/** Samples with what was counted, repaired and left out on the way. */
export interface LoadedSource {
  samples: Sample[];
  report: LoadReport;
}

/** Annotated photographs of one `data.sources` entry. Throws DataError naming file and line. */
export function loadDataSource(data: DataConfig, name: string): LoadedSource {
  const source = Object.hasOwn(data.sources, name) ? data.sources[name] : undefined;
  if (!source) {
    throw new DataError('option-invalid', 'is not in data.sources.', {
      where: `data source "${name}"`,
      fix: `choose one of ${Object.keys(data.sources).join(', ')}`,
    });
  }
  const report = newLoadReport();
  const { skipBroken = false } = data;
  const usable = checkPictures(read(data, name, source, report), {
    source: name,
    skipBroken,
    report,
  });
  const trimmed = usable.map((sample) => trimBoxes(sample, source.trim));
  const samples = teach(data, name, source, trimmed, report).map((sample) =>
    filterFaces(data, clipFaces(sample, report), report),
  );
  const taken = source.limit === undefined ? samples : samples.slice(0, source.limit);
  count(taken, report);
  return { samples: taken, report };
}

/** A path of the configuration, from `data.root` on. Throws DataError when it is not there. */
export function placeOf(data: DataConfig, path: string, user: string): string {
  const full = isAbsolute(path) ? path : join(data.root, path);
  if (existsSync(full.split('#')[0] as string)) return full;
  throw new DataError('file-missing', `not found (${user}).`, {
    where: full,
    fix: 'set data.root to the folder of your data sets, for example --set data.root=../data',
  });
}

/** All paths that a source reads. Throws DataError for one that is not there. */
export function placesOf(
  data: DataConfig,
  name: string,
  source: DataSourceConfig,
): { list: string; images: string; teachers: string[]; names: string[]; leaveOut: string[] } {
  const place = (path: string): string => placeOf(data, path, `data source "${name}"`);
  return {
    list: place(source.list),
    images: place(source.images ?? '.'),
    teachers: (source.teachers?.lists ?? []).map(place),
    names: (source.names ?? []).map(place),
    leaveOut: (source.leaveOut ?? []).map(place),
  };
}

/** What a kind's own labels are worth beside teachers. */
function labelKind({ kind, classes }: DataSourceConfig): LabelKind {
  if (kind === 'parsing') return 'portrait';
  const isHeadsOnly = classes && Object.values(classes).every((c) => c === 'head' || c === 'drop');
  return kind === 'pictures' || isHeadsOnly ? 'none' : 'faces';
}

function read(
  data: DataConfig,
  name: string,
  source: DataSourceConfig,
  report: LoadReport,
): HeadSample[] {
  const places = placesOf(data, name, source);
  const { list, images } = places;
  const wanted = places.names.map(readNames);
  const unwanted = places.leaveOut.map(readNames);
  const isTaken = (file: string): boolean =>
    // All lists are asked, for each keeps in mind what it has matched.
    (wanted.length === 0 || wanted.map((names) => names.has(file)).includes(true)) &&
    !unwanted.some((names) => names.has(file));
  const shared = { imageRoot: images, source: name, report, isLenient: true };
  const samples = ((): HeadSample[] => {
    switch (source.kind) {
      case 'wider':
        return loadWider(list, shared);
      case 'coco':
        return loadCoco(list, { ...shared, classes: source.classes });
      case 'coco-masks':
        return loadCocoMasks(list, { ...shared, classes: source.classes });
      case 'labelme':
        return loadLabelme(list, { ...shared, classes: source.classes });
      case 'fddb':
        return loadFddb({ foldDir: list, imageRoot: images, report });
      case 'voc':
        return loadVoc({ ...shared, annotationDir: list, classes: source.classes });
      case 'yolo':
        return loadYolo({ ...shared, root: list, classes: source.classes });
      case 'counting-csv':
        return loadCountingCsv(list, shared);
      case 'occlusion-seg':
        return loadOcclusionSeg(list, {
          split: source.split ?? 'train',
          synthetic: source.synthetic ?? true,
          source: name,
          report,
        });
      case 'pictures':
      case 'parsing':
        return loadPictures(source.kind === 'parsing' ? images : list, { name, isTaken, report });
    }
  })();
  const named = samples.filter((sample) => isTaken(sample.file));
  wanted.forEach((names, i) => {
    passOver(report, `names of ${places.names[i]} that match no picture`, names.unmatched);
  });
  // Teachers' lists and pixel maps go by base name.
  const isByName = source.teachers !== undefined || source.pixelMaps !== undefined;
  const taken = source.kind === 'yolo' && isByName ? withoutShared(named, report) : named;
  return withPixelMaps(data, source, taken, report);
}

/** Samples with their pixel maps, where the source has such; portraits without are left out and counted. */
function withPixelMaps(
  data: DataConfig,
  source: DataSourceConfig,
  samples: HeadSample[],
  report: LoadReport,
): HeadSample[] {
  if (source.kind !== 'parsing' && !source.pixelMaps) return samples;
  const mapped = samples.map((sample) => withPixelMap(data, source, sample));
  const isLeftOut = ({ pixelMap }: Sample): boolean => source.kind === 'parsing' && !pixelMap;
  passOver(
    report,
    'portraits without a pixel map',
    mapped.filter(isLeftOut).map(({ file }) => file),
  );
  return mapped.filter((sample) => !isLeftOut(sample));
}

/** Samples whose picture's base name is no other's; the rest is counted. */
function withoutShared<S extends Sample>(samples: readonly S[], report: LoadReport): S[] {
  const { single, shared } = splitShared(samples, ({ file }) => basename(file));
  passOver(
    report,
    'pictures that share their name with another',
    shared.map(({ file }) => file),
  );
  return single;
}

/** Pictures of a folder, without labels. */
function loadPictures(
  folder: string,
  {
    name,
    isTaken,
    report,
  }: { name: string; isTaken: (file: string) => boolean; report: LoadReport },
): Sample[] {
  const { pictures, others } = sortFolder(folder);
  passOverForeign(report, others);
  const samples = pictures.map((file) => ({ id: stem(file), file, faces: [], source: name }));
  // A name is another's twin also where the lists take only one of them: teachers may mean either.
  const { single, shared } = splitShared(samples, ({ file }) => basename(file));
  passOver(
    report,
    'pictures that share their name with another',
    shared.map(({ file }) => file).filter(isTaken),
  );
  return single
    .filter(({ file }) => isTaken(file))
    .map((sample) => ({ ...sample, ...readSizeLeniently(sample.file, true) }));
}

/** The sample with its pixel map, where the set has one. */
function withPixelMap(data: DataConfig, source: DataSourceConfig, sample: Sample): Sample {
  const isPortrait = source.kind === 'parsing';
  const folder = isPortrait ? source.list : (source.pixelMaps as string);
  const root = isAbsolute(folder) ? folder : join(data.root, folder);
  const file = join(root, `${stem(sample.file)}${isPortrait ? '.png' : '.mat'}`);
  if (!existsSync(file)) return sample;
  const extent: PixelMap['extent'] = isPortrait ? 'portrait' : 'largest-face';
  const roles = rolesOf(isPortrait ? 'celebamask' : 'clothing', source.roles ?? {});
  return { ...sample, pixelMap: { file, roles, extent } };
}

function teach(
  data: DataConfig,
  name: string,
  source: DataSourceConfig,
  samples: readonly HeadSample[],
  report: LoadReport,
): HeadSample[] {
  const labels = labelKind(source);
  if (!source.teachers) {
    if (labels === 'faces') return [...samples];
    throw new DataError('option-invalid', 'has no face boxes of its own.', {
      where: `data source "${name}"`,
      fix: 'name "teachers": {"lists": [...]} for it (docs/data.md)',
    });
  }
  const { lists: _lists, ...rules } = source.teachers;
  return teachSamples(samples, {
    lists: placesOf(data, name, source).teachers.map((file) => new TeacherList(file)),
    rules: { ...DEFAULT_TEACHER_RULES, ...rules },
    labels,
    report,
  });
}

/** Boxes without the shares [left, top, right, bottom] of their width and height. */
function trimBoxes<S extends Sample>(sample: S, trim: readonly number[] | undefined): S {
  if (!trim) return sample;
  const [left = 0, top = 0, right = 0, bottom = 0] = trim;
  const faces = sample.faces.map((face) => {
    const [x1, y1, x2, y2] = face.box;
    const w = boxWidth(face.box);
    const h = boxHeight(face.box);
    return { ...face, box: [x1 + left * w, y1 + top * h, x2 - right * w, y2 - bottom * h] as Box };
  });
  return { ...sample, faces };
}

/** Teachers and enlarged boxes reach over the border. */
function clipFaces(sample: Sample, report: LoadReport): Sample {
  const { width, height } = sample;
  if (width === undefined || height === undefined) return sample;
  return {
    ...sample,
    faces: sample.faces.flatMap((face) => clipFace(face, { width, height }, report) ?? []),
  };
}

/** J4: what becomes of small and invalid faces. */
function filterFaces(data: DataConfig, sample: Sample, report: LoadReport): Sample {
  const { minFacePx, dropInvalid, smallFaces } = data;
  const faces = sample.faces.flatMap((face) => {
    if (face.invalid && dropInvalid) return [];
    if (boxShortSide(face.box) >= minFacePx || face.ignore) return [face];
    return smallFaces === 'drop' ? [] : [{ ...face, ignore: true }];
  });
  report.dropped += sample.faces.length - faces.length;
  return { ...sample, faces };
}

/** Counts of what is left, in place of the reader's. */
function count(samples: readonly Sample[], report: LoadReport): void {
  report.images = samples.length;
  report.faces = 0;
  report.ignored = 0;
  report.decoys = 0;
  for (const { faces, decoys } of samples) {
    const ignored = faces.filter((face) => face.ignore || face.invalid).length;
    report.ignored += ignored;
    report.faces += faces.length - ignored;
    report.decoys += decoys?.length ?? 0;
  }
}

/** One line for a log: what a source holds. */
export function describeReport(name: string, { report }: LoadedSource): string {
  const { images, faces, ignored, decoys, dropped, clipped, broken, turned } = report;
  return (
    `${name}: ${images} pictures, ${faces} faces, ${ignored} ignored, ${decoys} decoys, ` +
    `${dropped} dropped, ${clipped} clipped` +
    (broken > 0 ? `, ${broken} pictures left out that cannot be used` : '') +
    (turned > 0 ? `, ${turned} that EXIF turns (boxes are taken as of the stored picture)` : '') +
    describePassedOver(report)
  );
}
