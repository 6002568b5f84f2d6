// The commands of a program, as its --help tells them.
import assert from 'node:assert/strict';
import { run } from './server.mjs';

/// Every command of the program `as` (see `linkedAs`): {words, help, isGroup}, the program itself
/// first. `isGroup`: its help names commands of its own.
export async function commandsOf(as, words = []) {
  const { code, stdout: help, stderr } = await run([...words, '--help'], { as });
  assert.deepEqual([code, stderr], [0, ''], `${words.join(' ')} --help`);
  const [, list] = /^Subcommands:\n((?: .*\n)*)/m.exec(help) ?? [];
  const commands = [{ words, help, isGroup: list !== undefined }];
  for (const [, name] of (list ?? '').matchAll(/^ {2}([a-z-]+)/gm)) {
    commands.push(...(await commandsOf(as, [...words, name])));
  }
  return commands;
}
