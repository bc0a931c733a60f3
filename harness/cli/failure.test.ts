import { CommanderError } from 'commander';
import { UsageError } from '../base/errors.ts';
import { TopologyError } from '../topology/problems.ts';
import { failureOf } from './failure.ts';

describe('failureOf', () => {
  it('ends an interrupted command with 130, although a DOMException has a code that is a number', () => {
    const error = new DOMException('interrupted', 'AbortError');
    expect(failureOf(error)).toEqual({ lines: ['harness: interrupted'], exitCode: 130 });
  });

  it('leaves to commander what it has printed', () => {
    expect(failureOf(new CommanderError(0, 'commander.help', ''))).toEqual({
      lines: [],
      exitCode: 0,
    });
    expect(failureOf(new CommanderError(1, 'commander.unknownOption', 'x')).exitCode).toBe(2);
  });

  it('prints each problem of wrong input on a line of its own', () => {
    expect(failureOf(new UsageError(['a', 'b']))).toEqual({
      lines: ['harness: a', 'harness: b'],
      exitCode: 2,
    });
    expect(failureOf(new TopologyError('f.yaml', [])).exitCode).toBe(2);
  });

  it('fails with the message of anything else, and with its stack when asked', () => {
    expect(failureOf(new Error('lost'))).toEqual({ lines: ['harness: lost'], exitCode: 1 });
    expect(failureOf(new Error('lost'), true).lines[0]).toContain('failure.test.ts');
    expect(failureOf('text')).toEqual({ lines: ['harness: text'], exitCode: 1 });
    expect(failureOf(undefined).exitCode).toBe(1);
  });
});
