/** Finds what texts and comments refer to: paths of this repository, sections and judgements of the specification. */
import { posix } from 'node:path';

/** A reference that leads nowhere. */
export interface Dangling {
  /** 1-based line of the text. */
  line: number;
  what: string;
}

/** What the specification holds, as its headings and table name it. */
export interface Specification {
  /** `1`, `1.1`, ... */
  sections: ReadonlySet<string>;
  /** `J1`, `J2`, ... */
  judgements: ReadonlySet<string>;
}

/** Folders whose names begin a path. Those of `src` may be named without it. */
const ROOTS = 'src|test|kernels|bench|docs|scripts|examples|configs|weights|demo|nn|aofd';
const PATH = new RegExp(`(?<![\\w./@-])(?:${ROOTS})/[\\w./*<>{}$,-]*`, 'g');
/** Globs, `<name>`, `NAME` and `...` stand for many paths. */
const PLACEHOLDER = /[*<>$]|[A-Z]{3}|\.\.\./;
/** An entry point of the package, a folder in the user's cache, a file that is made and not committed. */
const ELSEWHERE = new Set([
  'aofd/browser',
  'aofd/browser/inspect',
  'aofd/browser/aofd-lite.web.safetensors',
  'aofd/nn',
  'aofd/tune',
]);
const LINK = /\]\(([^)\s]+)\)/g;
/** A blank, or the end of a comment line and the start of the next. */
const GAP = '(?: |\\n[ \\t]*(?:\\*|//|#)?[ \\t]*)';
const ITEM = '(?:\\d+(?:\\.\\d+)?|J\\d+)(?![\\w.]*\\w)';
const CITATION = new RegExp(`docs/spec\\.md((?:,?${GAP}(?:and |section )?${ITEM})+)`, 'g');
const JUDGEMENT = /(?<!\w)J\d+(?!\w)/g;

/** The comments of a source text; everything else becomes blanks, so that line numbers stay. */
export function commentsOf(source: string): string {
  const isComment = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;
  let out = '';
  let end = 0;
  for (const match of source.matchAll(isComment)) {
    out += blank(source.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return out + blank(source.slice(end));
}

/**
 * Paths in `text` for which `exists` says no. `a/{b,c}` stands for two paths; kernels may be named without
 * their ending; globs and `<placeholders>` are not looked at.
 */
export function danglingPaths(text: string, exists: (path: string) => boolean): Dangling[] {
  return find(text, PATH, ([match]) => {
    if (PLACEHOLDER.test(match) && !exists(match)) return [];
    return expandBraces(match.replace(/[.,/-]+$/, ''))
      .filter((path) => !isThere(path, exists))
      .map((path) => `no such path: ${path}`);
  });
}

function isThere(path: string, exists: (path: string) => boolean): boolean {
  const full = /^(nn|aofd)\//.test(path) ? `src/${path}` : path;
  return ELSEWHERE.has(path) || exists(full) || exists(`${full}.wgsl`);
}

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function expandBraces(path: string): string[] {
  const [, before = '', list, after = ''] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path) ?? [];
  if (list === undefined) return [path];
  return list.split(',').flatMap((part) => expandBraces(before + part + after));
}

/** Links of a Markdown file in `folder` ('' is the root) to files that do not exist. */
export function danglingLinks(
  text: string,
  folder: string,
  exists: (path: string) => boolean,
): Dangling[] {
  return find(text, LINK, ([, target = '']) => {
    const path = target.replace(/#.*$/, '');
    if (path === '' || /^[a-z]+:/.test(path)) return [];
    return exists(posix.join(folder, path)) ? [] : [`link to nothing: ${target}`];
  });
}

/** Sections and judgements that `text` cites and the specification lacks. */
export function danglingCitations(text: string, spec: Specification): Dangling[] {
  const sections = find(text, CITATION, ([, list = '']) =>
    [...list.matchAll(/(?<![\w.])\d+(?:\.\d+)?/g)]
      .filter(([section]) => !spec.sections.has(section))
      .map(([section]) => `docs/spec.md has no section ${section}`),
  );
  const judgements = find(text, JUDGEMENT, ([name]) =>
    spec.judgements.has(name) ? [] : [`docs/spec.md has no judgement call ${name}`],
  );
  return [...sections, ...judgements];
}

/** Sections are numbered headings; judgement calls are the rows of a table that begin with their name. */
export function parseSpecification(text: string): Specification {
  const first = (pattern: RegExp): Set<string> =>
    new Set([...text.matchAll(pattern)].map(([, name = '']) => name));
  return {
    sections: first(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm),
    judgements: first(/^\| (J\d+) \|/gm),
  };
}

function find(
  text: string,
  pattern: RegExp,
  problems: (match: RegExpExecArray) => string[],
): Dangling[] {
  return [...text.matchAll(pattern)].flatMap((match) =>
    problems(match).map((what) => ({ line: lineOf(text, match.index), what })),
  );
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
