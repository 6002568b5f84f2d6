// Waiting without sleeping: every wait ends when its condition holds, or fails the test at a
// deadline.
import assert from 'node:assert/strict';

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// Polls `condition` until it returns something truthy, and returns that. Fails with "still not
/// true after N ms: <what>" at the deadline. What `condition` throws is thrown on.
export async function until(condition, what, { withinMs = 5000, everyMs = 20 } = {}) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() >= deadline) {
      assert.fail(`still not true after ${withinMs} ms: ${what}`);
    }
    await delay(everyMs);
  }
}

/// Settles as `promise` does, or fails with "no <what> within N ms".
/// `what` may be a function, so that the message can tell what had arrived by then.
export async function within(promise, withinMs, what) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const missing = typeof what === 'function' ? what() : what;
      reject(new assert.AssertionError({ message: `no ${missing} within ${withinMs} ms` }));
    }, withinMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
