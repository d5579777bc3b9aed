import { expect } from 'chai';
import {
  COVERED_FROM,
  SteadyVerdict,
  verdictOf,
  verdictText,
} from '../../../demo/web/src/check.js';

const face = (ratio: number): { occlusion: { ratio: number } } => ({ occlusion: { ratio } });

describe('the page: please uncover your face', () => {
  it('wants exactly one uncovered face', () => {
    expect(verdictOf([])).to.equal('none');
    expect(verdictOf([face(0), face(0)])).to.equal('many');
    expect(verdictOf([face(COVERED_FROM - 0.01)])).to.equal('clear');
    expect(verdictOf([face(COVERED_FROM)])).to.equal('covered');
    expect(verdictOf([{ occlusion: null }])).to.equal('clear');
  });

  it('lets an uncovered face be a little more covered before it changes its mind', () => {
    expect(verdictOf([face(0.13)], 'covered')).to.equal('covered');
    expect(verdictOf([face(0.13)], 'clear')).to.equal('clear');
    expect(verdictOf([face(0.16)], 'clear')).to.equal('covered');
  });

  it('passes over single frames that err', () => {
    const steady = new SteadyVerdict(250);
    expect(steady.next([face(0)], 0)).to.equal('clear');
    expect(steady.next([], 30)).to.equal('clear');
    expect(steady.next([face(0)], 60)).to.equal('clear');
    expect(steady.next([face(0.5)], 100)).to.equal('clear');
    expect(steady.next([face(0.5)], 349)).to.equal('clear');
    expect(steady.next([face(0.5)], 350)).to.equal('covered');
  });

  it('says what to do, and no share that the present face does not have', () => {
    expect(verdictText('covered', [face(0.382)])).to.equal(
      'Please uncover your face (38 % covered)',
    );
    expect(verdictText('covered', [face(0)])).to.equal('Please uncover your face');
    expect(verdictText('many', [face(0), face(0)])).to.match(/2 faces/);
  });
});
