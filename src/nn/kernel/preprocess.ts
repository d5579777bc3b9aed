import { NnError } from '../errors.js';

/**
 * The WGSL preprocessor. Lines that start with `#` are directives:
 *
 * | line | meaning |
 * | --- | --- |
 * | `#include "grid.wgsl"` | the text of `kernels/include/grid.wgsl`, once |
 * | `#define NAME value` | a default; a define given by the host wins. Without a value: no text |
 * | `#if EXPR`, `#elif EXPR`, `#else`, `#endif` | EXPR over defines: integers, `+ - * / % < <= > >= == != && \|\| ! ( )`, `defined(X)`; `/` truncates |
 * | `#for i in A..B`, `#endfor` | repeats the body for i = A .. B-1 |
 *
 * In ordinary lines `${EXPR}` is replaced by the integer value of EXPR over loop variables and
 * defines, and a define whose value is text by that text; a bare identifier equal to a define's
 * name is replaced too.
 */
export type Defines = Readonly<Record<string, number | string | boolean>>;

type Env = Map<string, number | string>;
type Include = (file: string) => string;

interface Line {
  text: string;
  where: string;
}

/** Expands a kernel's text. `include` returns the text of a file of kernels/include/. */
export function preprocess(
  name: string,
  source: string,
  defines: Defines,
  include: Include,
): string {
  const env: Env = new Map();
  for (const [key, value] of Object.entries(defines)) {
    env.set(key, typeof value === 'boolean' ? Number(value) : value);
  }
  const lines = inlineIncludes(name, source, include, new Set());
  const out: string[] = [];
  expandBlock(lines, 0, lines.length, env, out);
  return out.join('\n');
}

function inlineIncludes(name: string, source: string, include: Include, seen: Set<string>): Line[] {
  const out: Line[] = [];
  source.split('\n').forEach((text, i) => {
    const where = `${name}.wgsl:${i + 1}`;
    const match = /^\s*#include\s+"([^"]+)"/.exec(text);
    if (!match) {
      out.push({ text, where });
      return;
    }
    const file = match[1] as string;
    if (seen.has(file)) return;
    seen.add(file);
    out.push(
      ...inlineIncludes(`include/${file.replace(/\.wgsl$/, '')}`, include(file), include, seen),
    );
  });
  return out;
}

const openers = /^\s*#(if|for)\b/;

/** Index of the directive that closes or continues the block opened at `start`. */
function findBranches(lines: Line[], start: number, end: number): number[] {
  const marks = [start];
  let depth = 0;
  for (let i = start + 1; i < end; i++) {
    const text = (lines[i] as Line).text;
    if (openers.test(text)) depth++;
    else if (/^\s*#end(if|for)\b/.test(text)) {
      if (depth === 0) {
        marks.push(i);
        return marks;
      }
      depth--;
    } else if (depth === 0 && /^\s*#(elif|else)\b/.test(text)) marks.push(i);
  }
  const at = lines[start] as Line;
  throw new NnError('wgsl-preprocess', `"${at.text.trim()}" is never closed.`, {
    where: at.where,
    fix: 'add the matching #endif or #endfor.',
  });
}

function expandBlock(lines: Line[], from: number, to: number, env: Env, out: string[]): void {
  for (let i = from; i < to; i++) {
    const line = lines[i] as Line;
    const directive = /^\s*#(\w+)\s*(.*)$/.exec(line.text);
    if (!directive) {
      out.push(substitute(line, env));
      continue;
    }
    const word = directive[1];
    const rest = stripComment(directive[2] as string);
    if (word === 'define') {
      const match = /^(\w+)(?:\s+(.+))?$/.exec(rest);
      if (!match)
        throw new NnError('wgsl-preprocess', `bad #define "${rest}".`, { where: line.where });
      const key = match[1] as string;
      if (!env.has(key)) {
        const value = match[2] ?? '';
        const isNumber = isExpression(value, env);
        env.set(key, isNumber ? evaluate(value, env, line.where) : value.trim());
      }
    } else if (word === 'if') {
      const marks = findBranches(lines, i, to);
      for (let b = 0; b + 1 < marks.length; b++) {
        const mark = lines[marks[b] as number] as Line;
        const condition = /^\s*#(?:if|elif)\s+(.*)$/.exec(mark.text);
        const taken =
          condition === null ||
          evaluate(stripComment(condition[1] as string), env, mark.where) !== 0;
        if (taken) {
          expandBlock(lines, (marks[b] as number) + 1, marks[b + 1] as number, env, out);
          break;
        }
      }
      i = marks[marks.length - 1] as number;
    } else if (word === 'for') {
      const match = /^(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec(rest);
      if (!match)
        throw new NnError('wgsl-preprocess', `bad #for "${rest}".`, { where: line.where });
      const close = findBranches(lines, i, to)[1] as number;
      const first = evaluate(match[2] as string, env, line.where);
      const last = evaluate(match[3] as string, env, line.where);
      const variable = match[1] as string;
      for (let v = first; v < last; v++) {
        const inner: Env = new Map(env);
        inner.set(variable, v);
        expandBlock(lines, i + 1, close, inner, out);
      }
      i = close;
    } else {
      throw new NnError('wgsl-preprocess', `unknown directive "#${word}".`, { where: line.where });
    }
  }
}

function stripComment(text: string): string {
  return text.replace(/\/\/.*$/, '').trim();
}

function isExpression(text: string, env: Env): boolean {
  const found = tokens(text);
  // Anything between tokens makes it text: `, 0`.
  if (text === '' || found.join('') !== text.replace(/\s/g, '')) return false;
  return found.every(
    (t) => /^[\d()+\-*/%<>=!&|]+$/.test(t) || (env.has(t) && typeof env.get(t) === 'number'),
  );
}

function substitute(line: Line, env: Env): string {
  if (env.size === 0 && !line.text.includes('${')) return line.text;
  const inlined = line.text.replace(/\$\{([^}]+)\}/g, (_, expression: string) => {
    const direct = env.get(expression.trim());
    if (direct !== undefined) return String(direct);
    return String(evaluate(expression, env, line.where));
  });
  return inlined.replace(/\b[A-Za-z_]\w*\b/g, (word) => {
    const value = env.get(word);
    return value === undefined ? word : String(value);
  });
}

function tokens(text: string): string[] {
  return text.match(/\d+|\w+|<=|>=|==|!=|&&|\|\||[-+*/%<>!()]/g) ?? [];
}

const precedence: Record<string, number> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

/** Value of an integer expression; comparisons give 0 or 1; `/` truncates towards zero. */
export function evaluate(
  text: string,
  env: ReadonlyMap<string, number | string>,
  where: string,
): number {
  const list = tokens(text);
  let at = 0;
  const fail = (what: string): never => {
    throw new NnError('wgsl-preprocess', `${what} in expression "${text}".`, { where });
  };
  const primary = (): number => {
    const token = list[at++];
    if (token === undefined) return fail('something is missing');
    if (token === '(') {
      const value = binary(1);
      if (list[at++] !== ')') fail('")" is missing');
      return value;
    }
    if (token === '-') return -primary();
    if (token === '!') return primary() === 0 ? 1 : 0;
    if (/^\d+$/.test(token)) return Number(token);
    if (token === 'defined') {
      const key = list[at + 1] as string;
      at += 3;
      return env.has(key) ? 1 : 0;
    }
    const value = env.get(token);
    if (value === undefined) return fail(`"${token}" is not defined`);
    if (typeof value === 'number') return value;
    return evaluate(value, env, where);
  };
  const binary = (minimum: number): number => {
    let left = primary();
    for (;;) {
      const operator = list[at];
      const level = operator === undefined ? undefined : precedence[operator];
      if (operator === undefined || level === undefined || level < minimum) return left;
      at++;
      left = apply(operator, left, binary(level + 1));
    }
  };
  const value = binary(1);
  if (at !== list.length) fail(`unexpected "${list[at]}"`);
  return value;
}

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return Math.trunc(a / b);
    case '%':
      return a % b;
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '&&':
      return Number(a !== 0 && b !== 0);
    default:
      return Number(a !== 0 || b !== 0);
  }
}
