// Directories, programs and mounts that must not outlive the test process, however it ends.
//
// An exit handler does not run after SIGKILL, nor when the test runner is gone. A pipe is closed in
// any case: a shell reads from one that this process holds, and cleans up when it ends.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = mkdtempSync(join(tmpdir(), 'sightline-test-'));

const guard = spawn('sh', ['-c', guardScript(), 'sh', root], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true, // so that the Ctrl-C that ends the tests does not end the guard
});
guard.unref();
guard.stdin.unref();

/// A new empty directory; it is removed when the test process has ended.
export function temporaryDirectory() {
  return mkdtempSync(join(root, 'd-'));
}

/// Has `child` killed when the test process ends before it.
export function endWithTests(child) {
  guard.stdin.write(`started ${child.pid}\n`);
  child.once('exit', () => guard.stdin.write(`ended ${child.pid}\n`));
}

/// Has what is mounted on `directory` unmounted when the test process ends. Returns how to do it
/// before.
export function unmountWithTests(directory) {
  guard.stdin.write(`mounted ${directory}\n`);
  return () => {
    const { status } = spawnSync('umount', [directory]);
    if (status === 0) guard.stdin.write(`unmounted ${directory}\n`);
    return status === 0;
  };
}

function guardScript() {
  return `
    root=$1 pids= mounts=
    while read -r what which; do
      case $what in
        started) pids="$pids $which " ;;
        ended) pids="\${pids%% $which *}\${pids#* $which }" ;;
        mounted) mounts="$mounts $which " ;;
        unmounted) mounts="\${mounts%% $which *}\${mounts#* $which }" ;;
      esac
    done
    [ -z "$pids" ] || kill -KILL $pids
    for mount in $mounts; do umount -l "$mount"; done
    rm -rf "$root" || { sleep 1; rm -rf "$root"; }`;
}
