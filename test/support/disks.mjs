// File systems of their own, small enough to fill: they need the right to mount.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryDirectory, unmountWithTests } from './leftovers.mjs';

const LIMIT_MS = 10_000;

function command(name, ...args) {
  const { status, stdout, stderr, error } = spawnSync(name, args, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  return { done: status === 0, stdout: stdout ?? '', why: `${error ?? stderr}`.trim() };
}

/// A mounted file system. `dir` is where.
class Disk {
  #unmount;

  constructor(dir) {
    this.dir = dir;
    this.#unmount = unmountWithTests(dir);
  }

  /// Fills it to the last byte; returns what makes room again.
  fill() {
    const ballast = join(this.dir, 'ballast');
    const file = openSync(ballast, 'w');
    for (let size = 1 << 16; size > 0;) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch (failure) {
        assert.equal(failure.code, 'ENOSPC');
        size >>= 1;
      }
    }
    closeSync(file);
    return () => rmSync(ballast);
  }

  remount(option) {
    const { done, why } = command('mount', '-o', `remount,${option}`, this.dir);
    assert.ok(done, why);
  }

  unmount() {
    assert.ok(this.#unmount(), `${this.dir} is still in use`);
  }
}

/// A file system in memory; null where this process may not mount.
export function memoryDisk(size) {
  const dir = temporaryDirectory();
  const { done } = command('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'sightline-test', dir);
  return done ? new Disk(dir) : null;
}

/// Why no `memoryDisk` can be had; false when it can.
export function noMemoryDisk() {
  const disk = memoryDisk('64k');
  disk?.unmount();
  return disk ? false : 'this process may not mount a tmpfs: run it as root to test full disks';
}

/// A file system in a file, that can break as one on a failing disk does.
export class FragileDisk {
  #image = join(temporaryDirectory(), 'image');
  #disk = null;

  /// Why none can be had; false when it can.
  static missing() {
    const why = 'needs root, loop devices and ext4 to make a file system read-only under a program';
    const disk = new FragileDisk();
    try {
      return disk.#make() && command('test', '-w', disk.#trigger()).done ? false : why;
    } catch {
      return why; // a tool is missing, or says something else here
    } finally {
      disk.#disk?.unmount();
    }
  }

  static make() {
    const disk = new FragileDisk();
    assert.ok(disk.#make());
    return disk;
  }

  get dir() {
    return this.#disk.dir;
  }

  /// From here on it is read-only, whatever is open on it.
  break() {
    writeFileSync(this.#trigger(), '1');
  }

  unmount() {
    this.#disk.unmount();
    this.#disk = null;
  }

  mount() {
    const dir = temporaryDirectory();
    const { done } = command('mount', '-o', 'loop,errors=remount-ro', this.#image, dir);
    if (done) this.#disk = new Disk(dir);
    return done;
  }

  #make() {
    writeFileSync(this.#image, '');
    truncateSync(this.#image, 64 << 20);
    return command('mkfs.ext4', '-q', '-F', this.#image).done && this.mount();
  }

  // The file that makes the kernel find an error in this file system. It must be no other's.
  #trigger() {
    const { stdout } = command('findmnt', '-n', '-o', 'SOURCE', '-M', this.dir);
    const device = basename(stdout.trim());
    assert.match(device, /^loop\d+$/);
    const backing = command('losetup', '-n', '-O', 'BACK-FILE', '-l', `/dev/${device}`);
    assert.equal(backing.stdout.trim(), this.#image);
    return `/sys/fs/ext4/${device}/trigger_fs_error`;
  }
}
